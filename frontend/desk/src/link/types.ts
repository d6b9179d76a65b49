// Written by cmd/console's TestThePageKnowsWhatTheServerSays from the Go types. Times are RFC 3339, a zero time begins
// with 0001; durations are nanoseconds.

export interface AddOn {
  ID: string
  Note: string
  By: string
  ByName: string
  At: string
  Kind: string
  Text: string
}

export interface AgentView {
  id: string
  name: string
  languages: string[] | null
  interface: string
  state: string
  reason: string
  since: string
}

export interface Before {
  at: string
  callType: Record<string, string>
  state: string
  stateAt: string
  note: string
  ref: string
  outcome: string
}

export interface Begun {
  lang: string
  login: string
  demo: boolean
  signedIn: boolean
  link: LinkView
  phone: PhoneView
}

export interface BoardRow {
  kind: string
  note: string
  call: string
  ref: string
  account: string
  practice: string
  urgency: string
  patient: string
  state: string
  takenAt: string
  last: LastStep
  nextAt: string
  nextKind: string
  nextName: string
  late: string
}

export interface Body {
  fields: Record<string, string>
  verbatim?: string
  readBack?: string[] | null
}

export interface CallMoved {
  call: string
  state: string
  language: string
  at: string
}

export interface CallType {
  id: string
  digit: string
  label: Record<string, string>
  urgency: string
  ladder: string
  role: string
  fields: Field[] | null
}

export interface Choice {
  value: string
  label: Record<string, string>
}

export interface Draft {
  id: string
  seq: number
  call: string
  account: string
  callType: string
  urgency: string
  language: string
  body: Body
  savedAt: string
}

export interface Error {
  code: string
  fields?: Record<string, string>
}

export interface Event {
  kind: string
  sent: string
  hello?: Hello | null
  pop?: Pop | null
  gone?: Gone | null
  call?: CallMoved | null
  agent?: AgentView | null
  figures?: Figures | null
  board?: BoardRow[] | null
  notice?: string
}

export interface Field {
  key: string
  kind: string
  label: Record<string, string>
  cue: Record<string, string>
  required: boolean
  readBack: boolean
  choices?: Choice[] | null
}

export interface Figures {
  waiting: number
  longest: number
  serviceLevel: number
  ready: number
  talking: number
}

export interface Gone {
  call: string
  why: string
  at: string
}

export interface Hello {
  agent: AgentView
  now: string
  phone: PhoneAccount
  figures: Figures
  pop: Pop | null
  board: BoardRow[] | null
  drafts: Draft[] | null
  draftPops: Pop[] | null
  training: boolean
  pauses: string[] | null
  supervisor: boolean
  lockAfter: number
}

export interface LastStep {
  kind: string
  name: string
  detail: string
  at: string
}

export interface Levels {
  them: number
  me: number
}

export interface LinkView {
  up: boolean
  since: string
}

export interface OnCall {
  role: string
  name: string
  say: string
  from: string
  until: string
  next: boolean
}

export interface PhoneAccount {
  registrar: string
  user: string
  password: string
}

export interface PhoneView {
  up: boolean
  built: boolean
  deaf: boolean
  since: string
}

export interface PlanHole {
  rung: number
  who: string
  why: string
}

export interface Pop {
  call: string
  epoch: number
  deadline: string
  state: string
  caller: string
  callerRaw: string
  name: string
  language: string
  arrivedAt: string
  answeredAt: string
  heldAt: string
  practice: PracticeView
  script: Script
  before: Before[] | null
}

export interface PracticeView {
  id: string
  name: string
  say: string
  timeZone: string
  localTime: string
  open: boolean
  languages: string[] | null
  answerPhrase: Record<string, string>
  instructions: Record<string, string>
  onCall: OnCall[] | null
}

export interface Preview {
  steps: PreviewStep[] | null
  board: string
  holes: PlanHole[] | null
  missing: Record<string, string>
}

export interface PreviewStep {
  name: string
  channels: string[] | null
  after: number
}

export interface RedFlag {
  words: Record<string, string[] | null>
  show: Record<string, string>
}

export interface Saved {
  id: string
  seq: number
  here: boolean
  server: boolean
  at: string
}

export interface Scenario {
  id: string
  title: Record<string, string>
  practice: string
  language: string
  expected: Body
}

export interface Script {
  version: number
  callTypes: CallType[] | null
  redFlags: RedFlag[] | null
}

export interface Sent {
  note: string
  reference: string
  row: BoardRow
}

export interface Story {
  row: BoardRow
  caller: string
  labels: Record<string, Record<string, string>>
  body: Body | null
  addOns: AddOn[] | null
  lines: StoryLine[] | null
  hasRecording: boolean
}

export interface StoryLine {
  at: string
  kind: string
  actor: string
  detail: string
  leaf: number
}

export interface StoryRef {
  call: string
  note: string
}
