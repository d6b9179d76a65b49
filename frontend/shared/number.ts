// Telephone numbers as people type, see and read them back. What is kept is E.164.

/** What was typed as "+13125550142", or null when it cannot be dialled. Ten digits are of North America. */
export function parseNumber(typed: string): string | null {
  const s = typed.trim()
  if (!/^\+?[\d\s().\-/]+$/.test(s)) return null
  const digits = s.replace(/\D/g, '')
  if (s.startsWith('+') && !digits.startsWith('1')) return /^[2-9]\d{7,14}$/.test(digits) ? `+${digits}` : null
  const ten = digits.length === 11 && digits.startsWith('1') ? digits.slice(1) : digits
  return /^[2-9]\d{2}[2-9]\d{6}$/.test(ten) ? `+1${ten}` : null
}

/** A number as it is read: "(312) 555-0142", "+52 55 1234 5678"; what is no E.164 number is given back as it is. */
export function showNumber(e164: string): string {
  const us = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(e164)
  if (us) return `(${us[1]}) ${us[2]}-${us[3]}`
  const mx = /^\+52(\d{2})(\d{4})(\d{4})$/.exec(e164)
  if (mx) return `+52 ${mx[1]} ${mx[2]} ${mx[3]}`
  return e164
}
