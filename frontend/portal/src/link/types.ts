// What the server says, as the Go code has it.
export * from '../../../gen/types'

/** A text of the practice, by language. */
export type Said = Record<string, string>
