// Where the keys go. Elements are drawn a moment after the state changes, so focus waits for the next task.

import { tick } from 'svelte'
import { isTyping } from './keys'

export function focusId(id: string): void {
  void tick().then(() => document.getElementById(id)?.focus())
}

/** The field of a form by its key; "callType" is the row of call types. */
export const focusField = (key: string): void => focusId(key === 'callType' ? 'call-types' : `field-${key}`)

/** A field that was left in the middle of a word: what is typed goes on after it. */
export function focusEnd(key: string): void {
  void tick().then(() => {
    const el = document.getElementById(`field-${key}`)
    el?.focus()
    if (el instanceof HTMLInputElement || el instanceof HTMLTextAreaElement) el.setSelectionRange(el.value.length, el.value.length)
  })
}

export const typingNow = (): boolean => isTyping(document.activeElement as HTMLElement | null)
