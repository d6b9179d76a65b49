// What the server answers (the Pages interface of package console). Times are RFC 3339, lengths nanoseconds.

export type Said = Record<string, string>

export interface CallType {
  id: string
  label: Said
}
export interface AccountRef {
  id: string
  name: string
  timeZone: string
  callTypes?: CallType[]
}
export interface Me {
  id: string
  name: string
  role: 'provider' | 'practice' | 'supervisor' | 'agent' | 'admin' | ''
  language: string
  accounts: AccountRef[]
  agents?: { id: string; name: string }[]
  lockAfter: number
}
export interface InboxRow {
  note: string
  ref: string
  practice: string
  urgency: string
  callType: Said
  state: string
  takenAt: string
  ackedBy: string
  mine: boolean
}
export interface AddOn {
  ID: string
  ByName: string
  At: string
  Kind: string
  Text: string
}
export interface Told {
  name: string
  channel: string
  state: string
  at: string
}
export interface CardField {
  key: string
  kind: string
  label: Said
  value: string
  shown?: Said
}
export interface Card {
  note: string
  ref: string
  practice: AccountRef
  urgency: string
  callType: Said
  language: string
  takenAt: string
  taker: string
  state: string
  reason: string
  verbatim: string
  fields: CardField[]
  callBack: string
  canCall: boolean
  ackedBy: string
  ackedAt: string
  closedAt: string
  addOns: AddOn[] | null
  told: Told[]
  nextAt: string
  nextName: string
  canAct: boolean
  readBack: string[] | null
  now: string
}
export interface CallsFilter {
  account: string
  from: string
  to: string
  callType: string
  state: string
  agent: string
  search: string
  after: string
  limit: number
}
export interface CallRow {
  call: string
  note: string
  ref: string
  at: string
  wait: number
  talk: number
  agent: string
  outcome: string
  language: string
  callType: Said | null
  urgency: string
  state: string
  patient: string
  toDelivered: number
  toAck: number
  ackedBy: string
  hasRecording: boolean
}
export interface CallsPage {
  rows: CallRow[]
  next: string
  total: number
}
export interface StoryLine {
  at: string
  kind: string
  actor: string
  detail: string
  leaf: number
}
export interface CallStory {
  row: CallRow
  card: Card | null
  lines: StoryLine[] | null
  caller: string
  proof: { leaves: number; sequenced: boolean; checkpoint: number; at: string }
}
export interface WeekShift {
  role: string
  who: string[]
  from: string
  to: string
}
export interface Week {
  account: AccountRef
  from: string
  to: string
  shifts: WeekShift[]
  gaps: WeekShift[]
}
