// What the server says, as the Go code has it.
export * from '../../../gen/types'

/** A text of the practice, by language. */
export type Said = Record<string, string>

/** Where counting for a heading ends: that many or more. */
export const many = 100
