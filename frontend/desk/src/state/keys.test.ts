import { describe, expect, it } from 'vitest'
import { cap, chord, find, isTyping, type Action } from './keys'

const ev = (key: string, more: Partial<KeyboardEvent> = {}) => ({ key, ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...more })

describe('keys', () => {
  it.each([
    [ev(' '), 'Space'],
    [ev('F4'), 'F4'],
    [ev('Enter', { ctrlKey: true }), 'Ctrl+Enter'],
    [ev('U', { altKey: true }), 'Alt+u'],
    [ev('?', { shiftKey: true }), '?'],
    [ev('F9', { shiftKey: true }), 'Shift+F9'],
  ])('are one word', (e, want) => expect(chord(e)).toBe(want))

  const ran: string[] = []
  const act = (id: string, keys: string[], typing: boolean, when = true): Action => ({ id, keys, label: '', group: 'desk', when: () => when, run: () => ran.push(id), typing })
  const actions = [act('closed', ['Escape'], true, false), act('end', ['Escape'], true), act('answer', ['Space'], false), act('hold', ['F4'], true)]

  it('act where they may', () => {
    expect(find(actions, 'Escape', false)?.id).toBe('end')
    expect(find(actions, 'Space', false)?.id).toBe('answer')
    expect(find(actions, 'F4', true)?.id).toBe('hold')
  })
  it('leave signs to whoever types', () => expect(find(actions, 'Space', true)).toBeUndefined())
  it('know a field from a button', () => {
    expect(isTyping({ tagName: 'TEXTAREA' })).toBe(true)
    expect(isTyping({ tagName: 'INPUT', type: 'text' })).toBe(true)
    expect(isTyping({ tagName: 'INPUT', type: 'radio' })).toBe(false)
    expect(isTyping({ tagName: 'BUTTON' })).toBe(false)
    expect(isTyping(null)).toBe(false)
  })
  it('stand as on the keyboard', () => expect([cap('Ctrl+Enter'), cap('Escape'), cap('Alt+u')]).toEqual(['Ctrl ⏎', 'Esc', 'Alt U']))
})
