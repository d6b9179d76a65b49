// Which key does what. An action is a value: its name, its keys, when it acts and what it does, used alike by the key
// handler, the buttons, the menus and help, so that no key acts unseen and no button does what its key does not.

export interface Action {
  id: string
  /** A catalog key: what it is called now. */
  name: () => string
  group: 'call' | 'note' | 'board' | 'desk'
  /** "F4", "Ctrl+Enter", "Alt+1": keys that put no sign anywhere and so act everywhere. The first is the one shown. */
  keys?: string[]
  /** "Space", "?", "a": keys that act only while nobody writes. */
  quiet?: string[]
  /** Its quiet keys act only on the board. */
  board?: true
  /** Whether it acts now. */
  when: () => boolean
  /** pressed is the key that set it off, if one did. */
  run: (pressed?: string) => void
  /** What cannot be taken back asks: the first press arms it, the second acts. */
  twice?: true
  /** Whether what it switches is on. */
  on?: () => boolean
}

/** Where a key was pressed. */
export interface Hands {
  writing: boolean
  board: boolean
}

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey'>

/** The keys of an event as one word. Letters are lower case; Shift is named only with keys that have no shifted sign. */
export function chord(e: Pressed): string {
  let k = e.key === ' ' ? 'Space' : e.key
  if (k.length === 1) k = k.toLowerCase()
  const shift = e.shiftKey && k.length > 1
  return `${e.ctrlKey || e.metaKey ? 'Ctrl+' : ''}${e.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${k}`
}

/** Whether a key belongs to a sign that is still being put together: an accent before its letter, a word being chosen. */
export const composing = (e: Pick<KeyboardEvent, 'isComposing' | 'keyCode'>): boolean => e.isComposing || e.keyCode === 229

/** Whether typing there puts a sign somewhere. */
export function isTyping(el: { tagName?: string; type?: string; isContentEditable?: boolean } | null): boolean {
  if (!el) return false
  if (el.isContentEditable || el.tagName === 'TEXTAREA') return true
  return el.tagName === 'INPUT' && !['radio', 'checkbox', 'button'].includes(el.type ?? 'text')
}

/** The action a chord sets off, if any. On the board its own keys come first. */
export function find(actions: Action[], pressed: string, hands: Hands): Action | undefined {
  const quiet = (a: Action): boolean => !hands.writing && !a.board && !!a.quiet?.includes(pressed)
  const ofBoard = (a: Action): boolean => hands.board && !hands.writing && !!a.board && !!a.quiet?.includes(pressed)
  return actions.find((a) => ofBoard(a) && a.when()) ?? actions.find((a) => (a.keys?.includes(pressed) || quiet(a)) && a.when())
}

/** A chord as it stands on the keyboard; space is the space bar's name. */
export function cap(chord: string, space = '␣'): string {
  return chord
    .replace(/(^|\+)[a-z]$/, (letter) => letter.toUpperCase())
    .replace('Ctrl+', 'Ctrl ')
    .replace('Alt+', 'Alt ')
    .replace('Shift+', '⇧ ')
    .replace('Space', space)
    .replace('Enter', '⏎')
    .replace('Escape', 'Esc')
    .replace('ArrowUp', '↑')
    .replace('ArrowDown', '↓')
    .replace('Delete', 'Del')
}

/** All keys of an action as they stand on the keyboard: the one shown first, twice if it must be pressed twice. */
export function caps(a: Action, space?: string): string[] {
  return [...(a.keys ?? []), ...(a.quiet ?? [])].map((k) => (a.twice ? `${cap(k, space)} ${cap(k, space)}` : cap(k, space)))
}

/** The keys as ears are told them: aria-keyshortcuts. */
export const shortcuts = (a: Action): string =>
  [...(a.keys ?? []), ...(a.quiet ?? [])].map((k) => k.replace('Ctrl+', 'Control+').replace(/\+$/, 'Plus')).join(' ')
