// Words, compared the way the service compares them: without case and accents, so that "fiebre" is found in "FIEBRE" and
// "Munoz" in "Muñoz".

/** Lower case, without accents, runs of space as one. */
export function fold(s: string): string {
  return s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim()
}

/** Whether said holds phrase as whole words. */
export function says(said: string, phrase: string): boolean {
  const p = fold(phrase)
  if (!p) return false
  const quoted = p.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`(^|[^\\p{L}\\p{N}])${quoted}([^\\p{L}\\p{N}]|$)`, 'u').test(fold(said))
}

/** What may be shown of words that came from outside: no control or invisible formatting characters, at most max runes. */
export function harmless(s: string, max = 80): string {
  const clean = s
    .slice(0, max * 8)
    .replace(/[\p{C}\u2028\u2029]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const runes = [...clean]
  return runes.length > max ? runes.slice(0, max - 1).join('') + '…' : clean
}
