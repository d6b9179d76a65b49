// What the server says, as the Go code has it.
export * from '../../../gen/types'

/** A text of the practice, by language. */
export type Said = Record<string, string>

/** Where counting for a heading ends: that many or more. */
export const many = 100

/** What the holder of an invitation is shown, before anybody is signed in: console.Invitation, which no request answers. */
export interface Invitation {
  name: string
  login: string
  language: string
  by: string
  until: string
  secret: string
  address: string
  picture: string[] | null
}

/** Who comes in by the code that the server prints: console.Founding. */
export interface Founding {
  code: string
  login: string
  name: string
  language: string
}
