// Where the agent's hands are. A panel that takes the keys for a moment gives them back exactly where they were, caret and
// selection included; whoever writes is never moved by what happens elsewhere.

import { tick } from 'svelte'
import { isTyping } from './keys'

/** A place for the keys: an element, and in words the caret or what is selected. */
export interface Place {
  id: string
  text: { from: number; to: number; way: 'forward' | 'backward' | 'none' } | null
}

type Field = HTMLInputElement | HTMLTextAreaElement
const isField = (el: Element | null): el is Field => el instanceof HTMLInputElement || el instanceof HTMLTextAreaElement

/** Where the keys are now; null when they are nowhere, or in what has no name to be found again by. */
export function here(): Place | null {
  const el = document.activeElement
  return el?.id ? placeOf(el) : null
}

function placeOf(el: Element): Place {
  const text =
    isField(el) && el.selectionStart !== null
      ? { from: el.selectionStart, to: el.selectionEnd ?? 0, way: el.selectionDirection ?? 'none' }
      : null
  return { id: el.id, text }
}

/** Brings the keys back to a place. Answers whether it is still there. */
export function goTo(p: Place | null): boolean {
  const el = p && document.getElementById(p.id)
  if (!el) return false
  el.focus()
  if (p.text && isField(el)) el.setSelectionRange(p.text.from, p.text.to, p.text.way)
  return true
}

/** Brings what has the keys back in sight, after all around it has changed its size. */
export function keepInSight(): void {
  requestAnimationFrame(() => document.activeElement?.scrollIntoView({ block: 'nearest' }))
}

/** Elements are drawn a moment after the state changes: what comes with such a change gets the keys after it. */
const drawn = (f: () => void): void => void tick().then(f)

export function focusId(id: string): void {
  drawn(() => document.getElementById(id)?.focus())
}

/** The field of a form by its key, what stands in it selected; "callType" is the row of call types. */
export function focusField(key: string): void {
  drawn(() => {
    const el = document.getElementById(key === 'callType' ? 'call-types' : `field-${key}`)
    el?.focus()
    if (el instanceof HTMLInputElement) el.select()
  })
}

/** A field that was left in the middle of a word: what is typed goes on after it. */
export function focusEnd(key: string): void {
  drawn(() => {
    const el = document.getElementById(`field-${key}`)
    el?.focus()
    if (isField(el)) el.setSelectionRange(el.value.length, el.value.length)
  })
}

/** Whether an element is one that is written in: a field, or a note's form around it. */
const takesWords = (el: Element | null): boolean => isTyping(el as HTMLElement | null) || !!el?.closest('[data-writing]')

class Hands {
  /** Somebody writes: what is pressed now puts words somewhere, or soon will. */
  writing = $state(false)
  /** The keys are on the board. */
  onBoard = $state(false)
  #note: { form: string; place: Place } | null = null

  watch(): void {
    // Told after the event: an element that is taken away while the page is drawn loses its focus in the middle of that.
    const look = (): void => queueMicrotask(() => this.#look(document.activeElement))
    document.addEventListener('focusin', look)
    document.addEventListener('focusout', (e) => {
      const from = e.target as Element
      const form = from.closest<HTMLElement>('[data-writing]')?.dataset.writing
      if (from.id && form) this.#note = { form, place: placeOf(from) }
      look()
    })
  }

  #look(el: Element | null): void {
    this.writing = takesWords(el)
    this.onBoard = !!el?.closest('[data-region=board]')
  }

  /** Whether the keys are in the note's form. */
  get inNote(): boolean {
    return !!document.activeElement?.closest('[data-writing]')
  }

  /** Back into a note where it was left; to its field otherwise if it was not yet written in. */
  backToNote(form: string, otherwise: string): void {
    if (this.#note?.form !== form || !goTo(this.#note.place)) focusField(otherwise)
  }
}

export const hands = new Hands()
