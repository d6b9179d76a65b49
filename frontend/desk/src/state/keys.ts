// Which key does what. An action names its keys, says when it acts, and is found by one pass over the table; what help
// shows is the same table, so that no key acts unseen.

export interface Action {
  id: string
  /** "F4", "Ctrl+Enter", "Space", "Alt+1": the first is the one shown. */
  keys: string[]
  /** A catalog key. */
  label: string
  group: 'call' | 'note' | 'board' | 'desk'
  /** Whether it acts now. */
  when: () => boolean
  run: () => void
  /** Acts while somebody types into a field, too. Function keys and chords do; letters, digits and Space must not. */
  typing?: boolean
}

/** The keys of an event as one word. Letters are lower case; Shift is named only with keys that have no shifted sign. */
export function chord(e: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey'>): string {
  let k = e.key === ' ' ? 'Space' : e.key
  if (k.length === 1) k = k.toLowerCase()
  const shift = e.shiftKey && k.length > 1
  return `${e.ctrlKey || e.metaKey ? 'Ctrl+' : ''}${e.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${k}`
}

/** Whether typing there puts a sign somewhere. */
export function isTyping(el: { tagName?: string; type?: string; isContentEditable?: boolean } | null): boolean {
  if (!el) return false
  if (el.isContentEditable || el.tagName === 'TEXTAREA') return true
  return el.tagName === 'INPUT' && !['radio', 'checkbox', 'button'].includes(el.type ?? 'text')
}

/** The action a chord sets off, if any. */
export function find(actions: Action[], pressed: string, typing: boolean): Action | undefined {
  return actions.find((a) => a.keys.includes(pressed) && (!typing || a.typing) && a.when())
}

/** A chord as it stands on the keyboard. */
export function cap(chord: string): string {
  return chord
    .replace(/\+[a-z]$/, (letter) => letter.toUpperCase())
    .replace('Ctrl+', 'Ctrl ')
    .replace('Alt+', 'Alt ')
    .replace('Shift+', '⇧ ')
    .replace('Enter', '⏎')
    .replace('Escape', 'Esc')
    .replace('ArrowUp', '↑')
    .replace('ArrowDown', '↓')
    .replace('Delete', 'Del')
}
