import { describe, expect, it } from 'vitest'
import { cap, caps, chord, composing, find, isTyping, shortcuts, type Action } from './keys'

const ev = (key: string, more: Partial<KeyboardEvent> = {}) => ({
  key,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  shiftKey: false,
  ...more,
})
const idle = { writing: false, board: false }
const writing = { writing: true, board: false }
const onBoard = { writing: false, board: true }

describe('keys', () => {
  it.each([
    [ev(' '), 'Space'],
    [ev('F4'), 'F4'],
    [ev('Enter', { ctrlKey: true }), 'Ctrl+Enter'],
    [ev('U', { altKey: true }), 'Alt+u'],
    [ev('?', { shiftKey: true }), '?'],
    [ev('F9', { shiftKey: true }), 'Shift+F9'],
    [ev('+', { ctrlKey: true, shiftKey: true }), 'Ctrl++'],
  ])('are one word', (e, want) => expect(chord(e)).toBe(want))

  const ran: string[] = []
  const act = (id: string, more: Partial<Action>): Action => ({
    id,
    name: () => '',
    group: 'desk',
    when: () => true,
    run: () => ran.push(id),
    ...more,
  })
  const actions = [
    act('closed', { keys: ['Escape'], when: () => false }),
    act('end', { keys: ['Escape'], twice: true }),
    act('answer', { keys: ['F3'], quiet: ['Space', 'Enter'] }),
    act('hold', { keys: ['F4'] }),
    act('story', { quiet: ['Enter', 's'], board: true }),
  ]

  it('act where they may', () => {
    expect(find(actions, 'Escape', idle)?.id).toBe('end')
    expect(find(actions, 'Space', idle)?.id).toBe('answer')
    expect(find(actions, 'F4', writing)?.id).toBe('hold')
  })
  it('leave signs to whoever writes, but for the keys that put none anywhere', () => {
    expect(find(actions, 'Space', writing)).toBeUndefined()
    expect(find(actions, 'Enter', writing)).toBeUndefined()
    expect(find(actions, 'F3', writing)?.id).toBe('answer')
  })
  it('of the board act on the board alone, and there before others', () => {
    expect(find(actions, 's', idle)).toBeUndefined()
    expect(find(actions, 's', onBoard)?.id).toBe('story')
    expect(find(actions, 'Enter', onBoard)?.id).toBe('story')
    expect(find(actions, 'Enter', idle)?.id).toBe('answer')
  })
  it('wait for a sign that is being put together', () => {
    expect(composing({ isComposing: true, keyCode: 13 })).toBe(true)
    expect(composing({ isComposing: false, keyCode: 229 })).toBe(true) // as WebKit tells the Enter that ends a word
    expect(composing({ isComposing: false, keyCode: 13 })).toBe(false)
  })
  it('know a field from a button', () => {
    expect(isTyping({ tagName: 'TEXTAREA' })).toBe(true)
    expect(isTyping({ tagName: 'INPUT', type: 'text' })).toBe(true)
    expect(isTyping({ tagName: 'INPUT', type: 'radio' })).toBe(false)
    expect(isTyping({ tagName: 'BUTTON' })).toBe(false)
    expect(isTyping(null)).toBe(false)
  })
  it('stand as on the keyboard', () => {
    expect(['Ctrl+Enter', 'Escape', 'Alt+u', 'Ctrl++', 'a'].map((k) => cap(k))).toEqual(['Ctrl ⏎', 'Esc', 'Alt U', 'Ctrl +', 'A'])
    expect(caps(actions[1]!)).toEqual(['Esc Esc'])
    expect(caps(actions[2]!, 'Space')).toEqual(['F3', 'Space', '⏎'])
    expect(shortcuts(act('larger', { keys: ['Ctrl++'] }))).toBe('Control+Plus')
  })
})
