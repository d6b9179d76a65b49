// What somebody began to write and did not send: it outlives the form, the card and a page that locked itself.

const words = new Map<string, string>()

const key = (person: string, note: string, what: string): string => `${person} ${note} ${what}`

export const keptWords = (person: string, note: string, what: string): string => words.get(key(person, note, what)) ?? ''

export function keepWords(person: string, note: string, what: string, said: string): void {
  if (said) words.set(key(person, note, what), said)
  else words.delete(key(person, note, what))
}
