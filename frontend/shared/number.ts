// Telephone numbers as people type, paste, see and read them back. What is kept is E.164, with an extension behind it as
// RFC 3966 writes one ("+13125550142;ext=9"). The rule is the server's, too (notes.ParseNumber): both pass the same vectors.

/** What cannot be seen and came with a paste: direction marks, joiners, soft hyphens. */
const unseen = /\p{Cf}/gu
/** What stands between digits for the eye. */
const between = /[\s().\-/\u2010-\u2015\u2212]/g
const extension = /\s*(?:;\s*ext\s*=|,|#|x|\bext(?:ensi[oó]n)?\b\.?)\s*(\d{1,7})$/iu

/** The longest that is looked at: what is longer was not meant to be a number. */
const LONGEST = 60

/**
 * Ten digits of the North American plan. An area code is none of the services (N11), of those kept back for longer numbers
 * (N9X, 37X, 96X), nor 555; an exchange begins with 2 to 9.
 */
const isNorthAmerican = (ten: string): boolean => /^[2-9]\d{2}[2-9]\d{6}$/.test(ten) && !/^(?:.11|.9.|37.|96.|555)/.test(ten)

/** What was typed as it is kept, or null when it cannot be dialled. Ten digits are of North America; seven lack their area. */
export function parseNumber(typed: string): string | null {
  let s = typed.replace(unseen, '').trim()
  if (s.length > LONGEST) return null
  s = s.replace(/^tel:/i, '')
  const ext = extension.exec(s)?.[1] ?? ''
  if (ext) s = s.replace(extension, '')
  s = s.replace(between, '')
  if (!/^\+?\d+$/.test(s)) return null
  const e164 = dialled(s.replace(/^011/, '+'))
  return e164 && (ext ? `${e164};ext=${ext}` : e164)
}

function dialled(s: string): string | null {
  const abroad = s.startsWith('+')
  const digits = s.replace('+', '')
  if (abroad && !digits.startsWith('1')) return foreign(digits)
  const ten = digits.length === 11 && digits.startsWith('1') ? digits.slice(1) : digits
  return (!abroad || digits.length === 11) && isNorthAmerican(ten) ? `+1${ten}` : null
}

/** Another country's: a country code and eight to fifteen digits in all (E.164). Mexico's old mobile 1 is dropped. */
function foreign(digits: string): string | null {
  if (digits.startsWith('52')) {
    const mx = /^521?([2-9]\d{9})$/.exec(digits)
    return mx ? `+52${mx[1]}` : null
  }
  return /^[2-9]\d{7,14}$/.test(digits) ? `+${digits}` : null
}

/** A number as it is read: "(312) 555-0142", "+52 55 1234 5678"; what is no number is given back as it is. */
export function showNumber(kept: string): string {
  const [e164 = '', ext] = kept.split(';ext=')
  return ext ? `${spaced(e164)} ext. ${ext}` : spaced(e164)
}

function spaced(e164: string): string {
  const us = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(e164)
  if (us) return `(${us[1]}) ${us[2]}-${us[3]}`
  const mx = /^\+52(\d{2})(\d{4})(\d{4})$/.exec(e164)
  if (mx) return `+52 ${mx[1]} ${mx[2]} ${mx[3]}`
  return e164
}
