// Red flags in a note: the practice's own text for a word the caller said, and that it was said to them. A note keeps that
// among what was read to the caller, by a mark no field's key has.

const FLAG = 'flag:'

/** What a note keeps when the text for a word was said. */
export const flagKey = (word: string): string => FLAG + word

/** The words whose text the caller was told, of what a note keeps. */
export const flagged = (readBack: string[] | null | undefined): string[] =>
  (readBack ?? []).filter((k) => k.startsWith(FLAG)).map((k) => k.slice(FLAG.length))
