// Written by cmd/console's TestThePagesKnowWhatTheServerSays from the Go code; edit that.
// Times are RFC 3339, a zero time begins with 0001; durations are nanoseconds.

export interface Abilities {
  languages: Record<string, number>
  skills: string[] | null
  groups: string[] | null
}

export interface AccountRef {
  id: string
  name: string
  timeZone: string
  callTypes?: CallTypeRef[] | null
  chart?: boolean
  messages?: boolean
}

export interface AddOn {
  ID: string
  Note: string
  By: string
  ByName: string
  At: string
  Kind: AddOnKind
  Text: string
}

export type AddOnKind = 'correction' | 'reply' | 'agent' | 'closeout'

export interface AgentNow {
  id: string
  name: string
  state: AgentState
  reason: PauseReason
  since: string
  call: string
  practice: string
  callState: CallState
  supervisor?: Supervisor | null
}

export interface AgentRef {
  id: string
  name: string
}

export interface AgentSet {
  agent: string
  state: AgentState
  reason: PauseReason
}

export type AgentState = 'out' | 'paused' | 'ready' | 'reserved' | 'ringing' | 'talking' | 'wrapup'

export interface AgentView {
  id: string
  name: string
  languages: Language[] | null
  interface: Language
  state: AgentState
  reason: PauseReason
  since: string
  missed: number
  supervises?: Supervised | null
}

export interface AgentsWatch {
  on: boolean
}

export type AppointmentState = 'booked' | 'confirmed' | 'reschedule' | 'cancelled' | 'kept' | 'no-show'

export type AttemptState = 'due' | 'sending' | 'accepted' | 'delivered' | 'opened' | 'failed' | 'undelivered' | 'cancelled'

export interface Before {
  at: string
  callType: Record<string, string>
  state: NoteState
  stateAt: string
  note: string
  ref: string
  outcome: Outcome
}

export interface Begun {
  lang: string
  login: string
  demo: boolean
  signedIn: boolean
  link: LinkView
  phone: PhoneView
}

export interface BoardChange {
  seq: number
  page?: BoardPage | null
  rows: BoardRow[] | null
  gone: string[] | null
  open: number
  late: number
}

export type BoardKind = 'note' | 'voicemail' | 'callback' | 'draft'

export interface BoardPage {
  rows: BoardRow[] | null
  next: string
  open: number
  late: number
}

export interface BoardQuery {
  after: string
}

export interface BoardRow {
  key: string
  kind: BoardKind
  note: string
  call: string
  ref: string
  account: string
  practice: string
  urgency: Urgency
  patient: string
  state: NoteState
  takenAt: string
  last: LastStep
  nextAt: string
  nextKind: NextKind
  nextName: string
  late: Lateness
  tries?: number
  draft?: string
  takenOver: string
}

export interface Body {
  fields: Record<string, string>
  verbatim?: string
  readBack?: string[] | null
}

export interface BulletinEnd {
  account: string
  bulletin: string
}

export type BulletinKind = 'bulletin' | 'status'

export interface BulletinPut {
  account: string
  kind: BulletinKind
  says: Record<string, string>
  from: string
  to: string
}

export interface BulletinReader {
  name: string
  at: string
}

export interface BulletinRef {
  bulletin: string
}

export interface CallBackRef {
  call: string
  note: string
}

export interface CallGift {
  call: string
  draft?: Draft | null
  to: string
}

export interface CallLanguage {
  call: string
  language: Language
}

export interface CallMoved {
  call: string
  state: CallState
  language: Language
  at: string
  third?: Third | null
  supervisor?: Supervisor | null
}

export interface CallNow {
  call: string
  practice: string
  state: CallState
  agent: string
  inbound: boolean
  since: string
}

export interface CallOutcome {
  call: string
  outcome: string
}

export interface CallRef {
  call: string
}

export interface CallRow {
  call: string
  note: string
  ref: string
  at: string
  wait: number
  talk: number
  agent: string
  outcome: Outcome
  language: Language
  callType: Record<string, string>
  urgency: Urgency
  state: NoteState
  patient: string
  toDelivered: number
  toAck: number
  ackedBy: string
  hasRecording: boolean
  zone?: string
  words?: NoteWords | null
}

export type CallState = 'arrived' | 'waiting' | 'offered' | 'talking' | 'held' | 'patched' | 'ended'

export interface CallStep {
  kind: StepKind
  detail: string
}

export interface CallStory {
  row: CallRow
  card: Card | null
  lines: StoryLine[] | null
  caller: string
  proof: Proof
}

export interface CallType {
  id: string
  digit: string
  label: Record<string, string>
  urgency: Urgency
  ladder: string
  ladders?: Record<string, string>
  role: string
  fields: Field[] | null
}

export interface CallTypeRef {
  id: string
  label: Record<string, string>
}

export interface CallsFilter {
  account: string
  from: string
  to: string
  callType: string
  state: CallsState
  agent: string
  search: string
  after: string
  limit: number
}

export interface CallsPage {
  rows: CallRow[] | null
  next: string
  total: number
}

export type CallsState = '' | 'open' | 'read' | 'acknowledged' | 'closed' | 'voicemail' | 'completed' | 'abandoned' | 'overflowed' | 'refused' | 'unreached'

export interface Card {
  note: string
  ref: string
  practice: AccountRef
  urgency: Urgency
  callType: Record<string, string>
  language: Language
  takenAt: string
  taker: string
  state: NoteState
  reason: string
  verbatim: string
  fields: CardField[] | null
  callBack: string
  canCall: boolean
  ackedBy: string
  ackedAt: string
  closedAt: string
  addOns: AddOn[] | null
  told: Told[] | null
  nextAt: string
  nextName: string
  canAct: boolean
  takenOver: string
  canTakeOver: boolean
  voicemail?: string
  readBack: string[] | null
  now: string
}

export interface CardField {
  key: string
  kind: FieldKind
  label: Record<string, string>
  value: string
  shown?: Record<string, string>
}

export interface CardState {
  state: NoteState
  ackedBy: string
  ackedAt: string
  closedAt: string
  nextAt: string
  nextName: string
  canAct: boolean
  takenOver: string
  canTakeOver: boolean
}

export type ChannelKind = 'text' | 'email' | 'push' | 'voice'

export interface ChartAnswer {
  note: string
  patient: string
  number: string
  leave: boolean
  again: boolean
}

export interface ChartChoice {
  patient: string
  name: string
  birth: string
  phones: string[] | null
  number: string
  fits: string[] | null
}

export interface ChartQuestion {
  row: ChartRow
  name: string
  birth: string
  phones: string[] | null
  number: string
  numbered: boolean
  said: string
  away: string
  choices: ChartChoice[] | null
}

export interface ChartQueue {
  rows: ChartRow[] | null
}

export interface ChartRow {
  note: string
  ref: string
  callType: Record<string, string>
  closedAt: string
  since: string
  asking: boolean
  why: string
}

export interface ChartVisits {
  reads: boolean
  readAt: string
  why: string
  count: number
  rows: VisitAsk[] | null
}

export type CheckState = 'good' | 'open' | 'bad'

export interface Choice {
  value: string
  label: Record<string, string>
}

export interface Colleague {
  id: string
  name: string
  state: AgentState
  languages?: Language[] | null
}

export type ConsentChannel = 'text' | 'email'

export type ConsentHow = 'in-person' | 'phone' | 'paper' | 'page' | 'reply' | 'another'

export interface ConsentRow {
  purpose: Purpose
  channel: ConsentChannel
  given: boolean
  at: string
  by: string
  how: ConsentHow
  wording: string
}

export interface ConsentSaid {
  purpose: Purpose
  patient: string
  channel: ConsentChannel
  given: boolean
  how: ConsentHow
}

export interface ContactRef {
  id: string
  name: string
}

export interface DayPage {
  day: string
  rows: VisitRow[] | null
  next: string
  counts: Record<string, number>
  reminds: boolean
}

export interface DayQuery {
  account: string
  day: string
  after: string
}

export interface DeskBulletin {
  id: string
  kind: BulletinKind
  says: Record<string, string>
  ends: string
}

export interface Draft {
  id: string
  seq: number
  call: string
  account: string
  callType: string
  urgency: Urgency
  language: Language
  body: Body
  savedAt: string
  voicemail?: string
}

export interface DraftGift {
  draft: Draft
  to: string
}

export interface DraftGiven {
  id: string
  name: string
}

export interface DraftRef {
  id: string
}

export interface DraftRefs {
  ids: string[] | null
}

export interface DraftTaken {
  id: string
  name: string
}

export type DutyAct = 'offer' | 'withdraw' | 'take' | 'agree' | 'fill'

export interface DutyChange {
  account: string
  basis: string
  act: DutyAct
  index: number
  role: string
  from: string
  to: string
  sure: boolean
}

export type EditAct = 'put' | 'remove' | 'restore' | 'stored'

export type EntryKind = 'override' | 'leave' | 'swap' | 'holiday'

export interface Error {
  kind: Kind
  code: string
  fields?: Record<string, string>
  vars?: Record<string, string>
}

/** One thing that happened. A desk passes over a kind it does not know. */
export type Event =
  | { kind: 'hello'; sent: string; hello?: Hello | null }
  | { kind: 'pop'; sent: string; pop: Pop }
  | { kind: 'gone'; sent: string; gone: Gone }
  | { kind: 'call'; sent: string; call: CallMoved }
  | { kind: 'agent'; sent: string; agent: AgentView }
  | { kind: 'figures'; sent: string; figures: Figures }
  | { kind: 'board'; sent: string; board: BoardRow[] }
  | { kind: 'change'; sent: string; change: BoardChange }
  | { kind: 'notice'; sent: string; notice: string }
  | { kind: 'reds'; sent: string; reds: Reds }
  | { kind: 'taken'; sent: string; taken: DraftTaken }
  | { kind: 'given'; sent: string; given: DraftGiven }
  | { kind: 'agents'; sent: string; agents: AgentNow[] }
  | { kind: 'set'; sent: string; set: StateSet }

export interface FeedAddress {
  path: string
}

export interface Field {
  key: string
  kind: FieldKind
  label: Record<string, string>
  cue: Record<string, string>
  required: boolean
  readBack: boolean
  choices?: Choice[] | null
}

export type FieldKind = 'name' | 'phone' | 'date' | 'text' | 'choice' | 'yesno'

export interface Figures {
  waiting: number
  longest: number
  serviceLevel: number
  ready: number
  talking: number
  caller: string
}

export interface FiguresQuery {
  account: string
  from: string
  to: string
}

export interface FileBegun {
  patient: string
  file: string
  size: number
}

export interface FileCame {
  arrived: number
  piece: number
  kind: FileKind
}

export type FileKind = 'photo' | 'pdf'

export interface FileRef {
  patient: string
  file: string
}

export interface Finishing {
  id: string
  state: string
  since: string
  reference: string
}

export type Goes = 'people' | 'office' | 'board' | 'nowhere'

export interface Gone {
  call: string
  why: GoneWhy
  at: string
  outcome?: Outcome
}

export type GoneWhy = 'answered' | 'missed' | 'rejected' | 'abandoned' | 'withdrawn' | 'lost' | 'ended' | 'patched' | 'transferred' | 'handed-over'

export interface Hello {
  agent: AgentView
  now: string
  phone: PhoneAccount
  figures: Figures
  pop: Pop | null
  board: BoardRow[] | null
  boardNext: string
  boardOpen: number
  boardLate: number
  drafts: Draft[] | null
  draftPops: Pop[] | null
  training: boolean
  pauses: PauseReason[] | null
  supervisor: boolean
  lockAfter: number
  server: Version
  reds: string[] | null
  redVars?: Record<string, Record<string, string>>
}

export type HoleReason = 'nobody-on-call' | 'nobody-next' | 'no-address' | 'stopped' | 'no-contact' | 'no-carrier' | 'left' | 'no-ladder'

export interface InboxPage {
  rows: InboxRow[] | null
  next: string
  waiting: number
}

export interface InboxQuery {
  after: string
}

export interface InboxRow {
  note: string
  ref: string
  practice: string
  urgency: Urgency
  callType: Record<string, string>
  state: NoteState
  takenAt: string
  ackedBy: string
  mine: boolean
}

export interface InvitationLink {
  link: string
  picture: string[] | null
  until: string
  sent: ChannelKind
  trouble: boolean
}

export interface KeptContact {
  id: string
  name: string
  person: string
  mobile: string
  email: string
}

export interface KeptContacts {
  contacts: KeptContact[] | null
}

export interface KeptPractices {
  all: boolean
  practices: AccountRef[] | null
  channels: ChannelKind[] | null
}

export type Kind = 'not-found' | 'forbidden' | 'signed-out' | 'conflict' | 'invalid' | 'unavailable' | 'internal'

export interface LadderPerson {
  person: string
  name: string
  language: Language
  mobile: string
  email: string
}

export type Language = 'en' | 'es'

export type LastDetail = '' | 'delivered' | 'undelivered' | 'failed' | 'opened' | 'cancelled' | 'by-voice' | 'supervisor' | 'reassigned' | 'unreachable' | 'no-service-ladder' | 'service-ladder-nobody' | 'held-too-long' | 'number-withheld' | 'left'

export type LastKind = 'taken' | 'waiting' | 'replied' | 'voicemail' | 'unsent' | 'cut-off' | 'text' | 'email' | 'push' | 'voice' | 'dispatch.begun' | 'dispatch.acknowledged' | 'dispatch.passed' | 'dispatch.pushed' | 'dispatch.skipped' | 'dispatch.reassigned' | 'dispatch.cancelled' | 'dispatch.exhausted' | 'dispatch.summoned' | 'dispatch.taken-over' | 'dispatch.paged' | 'dispatch.called' | 'dispatch.told' | 'dispatch.forged' | 'text.unclear' | 'text.stopped' | 'text.started' | 'completed' | 'abandoned' | 'overflowed' | 'refused' | 'unreached'

export interface LastStep {
  kind: LastKind
  name: string
  detail: LastDetail
  at: string
}

export type Lateness = '' | 'late' | 'unreachable'

export interface Levels {
  them: number
  me: number
}

export type LineKind = 'arrived' | 'placed' | 'queued' | 'language' | 'offered' | 'missed' | 'rejected' | 'withdrawn' | 'lost' | 'first-answered' | 'first-proved' | 'extension' | 'extension-failed' | 'answered' | 'held' | 'resumed' | 'cut-off' | 'rejoined' | 'recovered' | 'consulted' | 'transfer-asked' | 'transferred' | 'no-transfer' | 'handed-over' | 'patch-asked' | 'patch-answered' | 'patched' | 'patch-failed' | 'patch-left' | 'patch-over' | 'supervised' | 'unsupervised' | 'ended' | 'note.taken' | 'note.opened' | 'note.read' | 'note.acknowledged' | 'note.added-to' | 'note.closed' | 'story.opened' | 'call.opened' | 'call.followed-up' | 'call.end-asked' | 'call.listen-asked' | 'draft.taken-over' | 'draft.given' | 'draft.followed' | 'draft.opened' | 'recording.kept' | 'recording.opened' | 'voicemail.kept' | 'chart.queued' | 'chart.asked' | 'chart.answered' | 'chart.written' | 'chart.left' | 'back.placed' | 'back.first-answered' | 'back.first-proved' | 'back.answered' | 'back.held' | 'back.resumed' | 'back.language' | 'back.extension' | 'back.extension-failed' | 'back.supervised' | 'back.unsupervised' | 'back.ended' | 'dispatch.begun' | 'attempt.sent' | 'attempt.delivered' | 'attempt.undelivered' | 'attempt.failed' | 'attempt.opened' | 'attempt.withdrawn' | 'dispatch.acknowledged' | 'dispatch.passed' | 'dispatch.pushed' | 'dispatch.skipped' | 'dispatch.reassigned' | 'dispatch.cancelled' | 'dispatch.exhausted' | 'dispatch.forged' | 'dispatch.summoned' | 'dispatch.taken-over' | 'dispatch.paged' | 'dispatch.called' | 'dispatch.told' | 'text.replied' | 'text.unclear' | 'text.stopped' | 'text.started'

export interface LinkToken {
  token: string
}

export interface LinkView {
  up: boolean
  since: string
}

export interface ListenRef {
  call: string
  mode: SupervisionMode
}

export interface Me {
  id: string
  name: string
  role: Role
  language: Language
  accounts: AccountRef[] | null
  agents?: AgentRef[] | null
  keeps?: boolean
  service?: boolean
  wall?: boolean
  lockAfter: number
}

export interface MessageFile {
  id: string
  kind: FileKind
  bytes: number
  width: number
  height: number
}

export type MessageKind = 'staff' | 'patient' | 'remark' | 'close'

export interface MessageRef {
  patient: string
  message: string
}

export interface Moment {
  at: string
  twice: boolean
  skipped: boolean
  goes: Goes
  ladder: string
  contacts: PreviewContact[] | null
  board: string
  holes: PlanHole[] | null
  onCall: MomentRole[] | null
}

export interface MomentQuery {
  account: string
  at: string
  later: boolean
  callType: string
  urgency: Urgency
}

export interface MomentRole {
  role: string
  who: string[] | null
  until: string
  by: string
  name: string
  otherwise: string[] | null
}

export interface MyDuty {
  practices: PracticeDuty[] | null
}

export interface MyFileBegun {
  file: string
  size: number
}

export interface MyFileRef {
  file: string
}

export type NextKind = '' | 'text' | 'email' | 'push' | 'voice' | 'board' | 'service'

export interface NoteAct {
  note: string
  act: SuperviseAct
  reason: string
}

export interface NoteContact {
  note: string
  contact: string
}

export interface NoteDrawn {
  note: string
  token: string
}

export interface NoteRef {
  note: string
}

export type NoteState = 'open' | 'read' | 'acknowledged' | 'closed'

export interface NoteText {
  note: string
  text: string
}

export interface NoteTold {
  note: string
  contact: string
  took: boolean
}

export interface NoteWords {
  name: string
  number: string
  reason: string
  ended: string
}

export interface NoticeRow {
  channel: ConsentChannel
  state: string
  dueAt: string
  sentAt: string
  why: string
}

export interface OfferRef {
  call: string
  epoch: number
}

export interface OnCall {
  role: string
  name: string
  say: string
  from: string
  until: string
  next: boolean
}

export type Outcome = 'completed' | 'abandoned' | 'overflowed' | 'refused' | 'unreached'

export interface OwnView {
  row: PersonRow
  sessions: SessionRow[] | null
  desk: string
}

export interface PatchRef {
  call: string
  contact: string
  number?: string
  plain?: boolean
  urgency: Urgency
}

export interface PatientCall {
  note: string
  id: string
}

export interface PatientForm {
  account: string
  patient: string
  version: number
  name: string
  birth: string
  number: string
  call: boolean
  email: string
  language: Language
  zone: string
  texts: boolean
  mails: boolean
  reminders: boolean
  how: ConsentHow
  anyway: boolean
}

export interface PatientKept {
  record: PatientRecord | null
  same: PatientRow[] | null
}

export interface PatientMessage {
  id: string
  at: string
  mine: boolean
  by: string
  text: string
  readAt: string
  flagged: boolean
  withdrawn: boolean
  files: MessageFile[] | null
}

export interface PatientPage {
  practice: string
  number: string
  dial: string
  language: Language
  timeZone: string
  messages: PatientMessage[] | null
  dueAt: string
  closed: boolean
  open: boolean
  afterHours: Record<string, string>
  tells: PatientTell[] | null
  reminders: PatientTell[] | null
  stamp: string
}

export interface PatientRecord {
  patient: string
  name: string
  birth: string
  number: string
  language: Language
  version: number
  call: boolean
  email: string
  zone: string
  consents: ConsentRow[] | null
  tells: ConsentChannel[] | null
  stopped: boolean
}

export interface PatientRef {
  patient: string
}

export interface PatientRow {
  patient: string
  name: string
  birth: string
  number: string
  language: Language
}

export interface PatientRows {
  rows: PatientRow[] | null
  more: boolean
}

export interface PatientSearch {
  account: string
  search: string
}

export interface PatientStamp {
  stamp: string
}

export interface PatientTell {
  channel: ConsentChannel
  on: boolean
  stopped: boolean
}

export interface PatientWish {
  purpose: Purpose
  channel: ConsentChannel
  on: boolean
}

export interface PatientWriting {
  id: string
  text: string
  files: string[] | null
}

export type PauseReason = '' | 'break' | 'meal' | 'training' | 'coaching' | 'other' | 'signed in' | 'missed calls' | 'phone-out' | 'supervising'

export interface PauseRequest {
  reason: PauseReason
}

export interface PeopleFilter {
  search: string
  left: boolean
  after: string
}

export interface PeopleList {
  rows: PersonRow[] | null
  next: string
}

export interface PersonAct {
  act: PersonDeed
  name: string
  language: Language
  email: string
  mobile: string
  role: Role
  account: string
  contact: string
  speaks: Abilities
  phone: string
  session: string
  send: ChannelKind
}

export interface PersonChange {
  at: string
  by: string
  act: PersonDid
  roles: RoleAt[] | null
  why: string
}

export type PersonDeed = 'card' | 'grant' | 'revoke' | 'abilities' | 'invite' | 'leave' | 'return' | 'end'

export type PersonDid = 'added' | 'granted' | 'revoked' | 'card-set' | 'abilities-set' | 'phone-given' | 'invited' | 'joined' | 'password-set' | 'code-set' | 'left' | 'returned' | 'sessions-ended'

export interface PersonEdit {
  person: string
  basis: string
  do: PersonAct
  why: string
  sure: boolean
}

export interface PersonEdited {
  saved: boolean
  moved: PersonChange | null
  stands: PersonStand[] | null
  link: InvitationLink | null
}

export interface PersonInvite {
  login: string
  name: string
  language: Language
  email: string
  mobile: string
  role: Role
  account: string
  contact: string
  speaks: Abilities
  send: ChannelKind
  why: string
}

export interface PersonInvited {
  person: string
  link: InvitationLink
}

export interface PersonRef {
  person: string
}

export interface PersonRow {
  id: string
  name: string
  language: Language
  roles: RoleAt[] | null
  languages: Language[] | null
  seen: string
  left: string
  invited: string
  signsIn: boolean
  code: boolean
  forged: boolean
}

export interface PersonStand {
  practice: string
  kind: string
  name: string
  from: string
  to: string
}

export interface PersonView {
  row: PersonRow
  basis: string
  mayEdit: boolean
  own: boolean
  email: string
  mobile: string
  phone: string
  speaks: Abilities
  sessions: SessionRow[] | null
  history: PersonChange[] | null
  stands: PersonStand[] | null
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
  contact?: string
  name?: string
  why: HoleReason
  others?: boolean
}

export interface Playing {
  call: string
  since: string
  length: number
}

export interface Pop {
  call: string
  epoch: number
  deadline: string
  state: CallState
  caller: string
  callerRaw: string
  name: string
  language: Language
  arrivedAt: string
  answeredAt: string
  heldAt: string
  practice: PracticeView
  script: Script
  before: Before[] | null
  outbound?: boolean
  back?: string
  extension?: string
  third?: Third | null
  supervisor?: Supervisor | null
  handedBy?: string
}

export interface PracticeBulletin {
  id: string
  kind: BulletinKind
  says: Record<string, string>
  begins: string
  ends: string
  madeAt: string
  by: string
  readBy: BulletinReader[] | null
}

export interface PracticeBulletins {
  zone: string
  languages: Language[] | null
  bulletins: PracticeBulletin[] | null
}

export interface PracticeChange {
  id: string
  version: number
  at: string
  by: string
  why: string
}

export interface PracticeDraftRef {
  account: string
  person: string
}

export interface PracticeDuty {
  account: AccountRef
  basis: string
  me: string
  people: ContactRef[] | null
  mine: ScheduleShift[] | null
  gaps: ScheduleShift[] | null
  swaps: ScheduleEntry[] | null
  feed: string
}

export interface PracticeMoment {
  account: string
  document: string
  at: string
  later: boolean
  callType: string
  urgency: Urgency
}

export interface PracticeNew {
  account: string
  name: string
  timeZone: string
  template: PracticeTemplate
  from: string
}

export interface PracticeOwnDraft {
  version: number
  base: string
  document: string
  seq: number
  at: string
}

export interface PracticeProblem {
  field: string
  code: string
  final: boolean
  says: Record<string, string>
  word: boolean
}

export interface PracticePublish {
  account: string
  seq: number
  why: string
  sure: boolean
  word: string
}

export interface PracticePublished {
  saved: boolean
  problems: PracticeProblem[] | null
  moved: PracticeChange | null
}

export interface PracticeRef {
  account: string
}

export interface PracticeRow {
  account: string
  name: string
  lines: number
  new: boolean
  drafts: PracticeWriter[] | null
}

export interface PracticeSave {
  account: string
  document: string
  version: number
  seq: number
}

export interface PracticeSaved {
  saved: boolean
  seq: number
  problems: PracticeProblem[] | null
  moved: PracticeChange | null
}

export type PracticeTemplate = 'solo' | 'group' | 'pediatrics' | 'hospital' | 'after-hours'

export interface PracticeTest {
  id: string
  state: TestState
  tried: number
  at: string
  case: Record<string, string>
  expects: Record<string, string>
  happens: Record<string, string>
}

export interface PracticeTested {
  tests: PracticeTest[] | null
  overruled: TestsOverruled[] | null
}

export interface PracticeTests {
  account: string
  document: string
}

export interface PracticeText {
  document: string
  version: number
}

export interface PracticeVersionRef {
  account: string
  version: string
}

export interface PracticeView {
  id: string
  name: string
  say: string
  timeZone: string
  localTime: string
  open: boolean
  languages: Language[] | null
  answerPhrase: Record<string, string>
  instructions: Record<string, string>
  onCall: OnCall[] | null
  bulletins?: DeskBulletin[] | null
}

export interface PracticeWhole {
  account: string
  version: number
  document: string
  draft: PracticeOwnDraft | null
  others: PracticeWriter[] | null
  changes: PracticeChange[] | null
  problems: PracticeProblem[] | null
  whole: boolean
}

export interface PracticeWriter {
  person: string
  name: string
  at: string
  mine: boolean
}

export interface PracticesPage {
  rows: PracticeRow[] | null
  next: string
  mayAdd: boolean
}

export interface PracticesQuery {
  search: string
  after: string
}

export interface Preview {
  goes: Goes
  steps: PreviewContact[] | null
  board: string
  holes: PlanHole[] | null
  missing: Record<string, string>
  failing: ChannelKind[] | null
}

export interface PreviewContact {
  name: string
  channels: ChannelKind[] | null
  after: number
  rung: number
}

export interface Proof {
  leaves: number
  sequenced: boolean
  checkpoint: number
  at: string
}

export type Purpose = 'care' | 'reminders'

export interface PushKey {
  key: string
}

export interface PushSubscription {
  endpoint: string
  keys: { p256dh: string; auth: string }
}

export interface Reach {
  people: ReachPerson[] | null
  places?: ReachPlace[] | null
}

export interface ReachPerson {
  contact: string
  name: string
  say: string
  onCall: boolean
  channels: ChannelKind[] | null
  why: HoleReason
  rings: boolean
}

export interface ReachPlace {
  contact: string
  name: string
  say: string
  number: string
}

export interface RecordingPart {
  size: number
  data: number[] | null
}

export interface RecordingRef {
  call: string
  from: number
}

export interface RedFlag {
  words: Record<string, string[] | null>
  show: Record<string, string>
}

export interface Reds {
  vars?: Record<string, Record<string, string>>
  codes: string[] | null
}

export interface ReminderSaid {
  at: string
  says: Record<string, string>
}

export interface RemindersQuery {
  account: string
  document: string
  day: string
  time: string
  visit: string
  place: string
  provider: string
}

export interface RemindersSaid {
  rows: ReminderSaid[] | null
}

export type Role = 'agent' | 'supervisor' | 'provider' | 'practice' | 'admin'

export interface RoleAt {
  role: Role
  account: string
  practice: string
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
  language: Language
  expected: Body
}

export interface ScenarioRef {
  id: string
}

export interface ScheduleAct {
  act: EditAct
  kind: EntryKind
  index: number
  role: string
  who: string
  for: string
  from: string
  to: string
  name: string
  version: string
  state: string
}

export interface ScheduleChange {
  id: string
  at: string
  by: string
  why: string
  did: ScheduleAct
}

export interface ScheduleEdit {
  account: string
  basis: string
  do: ScheduleAct
  why: string
  sure: boolean
  word: string
}

export interface ScheduleEdited {
  saved: boolean
  moved: ScheduleChange | null
  problems: ScheduleProblem[] | null
}

export interface ScheduleEntry {
  kind: EntryKind
  index: number
  role: string
  who: string
  for: string
  from: string
  to: string
  name: string
  day: string
  state: string
}

export interface ScheduleProblem {
  field: string
  says: Record<string, string>
  final: boolean
  word: boolean
}

export interface ScheduleQuery {
  account: string
  from: string
  days: number
  callType: string
}

export interface ScheduleShift {
  role: string
  who: string[] | null
  from: string
  to: string
  gap: boolean
}

export interface ScheduleView {
  account: AccountRef
  from: string
  to: string
  basis: string
  mayEdit: boolean
  roles: string[] | null
  people: ContactRef[] | null
  shifts: ScheduleShift[] | null
  gaps: ScheduleShift[] | null
  entries: ScheduleEntry[] | null
  changes: ScheduleChange[] | null
  problems: WeekProblem[] | null
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
  goes: Goes
}

export interface SentDraft {
  id: string
  reference: string
}

export interface ServiceLadder {
  part: SettingsPart
  document: string
  problems: PracticeProblem[] | null
  people: LadderPerson[] | null
}

export interface ServiceSettings {
  parts: SettingsPart[] | null
  ladder: ServiceLadder
}

export interface SessionRef {
  session: string
}

export interface SessionRow {
  id: string
  program: string
  since: string
  seen: string
  here: boolean
}

export interface SettingChange {
  version: number
  at: string
  by: string
  why: string
  values: Record<string, string>
  secret: boolean
}

export interface SettingEdit {
  part: SettingPart
  basis: number
  values: Record<string, string>
  secret: string
  back: number
  why: string
}

export interface SettingEdited {
  saved: boolean
  part: SettingsPart
  problems: PracticeProblem[] | null
}

export type SettingPart = 'service' | 'text' | 'mail' | 'catch-all' | 'supervisors'

export interface SettingsPart {
  part: SettingPart
  basis: number
  values: Record<string, string>
  secret: boolean
  given: Record<string, string>
  forged: boolean
  history: SettingChange[] | null
}

export interface SheetFile {
  account: string
  file: string
  columns: Record<string, number>
  answers: Record<string, string>
  moved: Record<string, boolean>
  agreed: ConsentHow
  keep: boolean
}

export interface SheetLine {
  line: number
  name: string
  birth: string
  begins: string
  visit: string
  provider: string
  fate: string
}

export interface SheetMove {
  line: number
  name: string
  from: string
  begins: string
  visit: string
  provider: string
}

export interface SheetQuestion {
  line: number
  patient: PatientRow
  among: PatientRow[] | null
  shared: number[] | null
}

export interface SheetRead {
  heading: string[] | null
  columns: Record<string, number>
  rows: SheetLine[] | null
  new: number
  changed: number
  same: number
  patients: number
  wrong: SheetWrong[] | null
  questions: SheetQuestion[] | null
  moves: SheetMove[] | null
  kept: boolean
}

export interface SheetWrong {
  line: number
  column: string
  code: string
  value: string
}

export interface StateSet {
  by: string
  state: AgentState
}

export type StepKind = 'arrived' | 'placed' | 'queued' | 'language' | 'offered' | 'missed' | 'rejected' | 'withdrawn' | 'lost' | 'first-answered' | 'first-proved' | 'extension' | 'extension-failed' | 'answered' | 'held' | 'resumed' | 'cut-off' | 'rejoined' | 'patch-asked' | 'patch-answered' | 'patched' | 'patch-failed' | 'patch-left' | 'patch-over' | 'consulted' | 'transfer-asked' | 'transferred' | 'no-transfer' | 'handed-over' | 'supervised' | 'unsupervised' | 'recovered' | 'ended'

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
  kind: LineKind
  actor: string
  detail: string
  leaf: number
  number?: string
  whom?: string
}

export interface StoryRef {
  call: string
  note: string
}

export interface StoryState {
  state: NoteState
  lines: StoryLine[] | null
  hasRecording: boolean
}

export type SuperviseAct = 'next' | 'cancel'

export interface Supervised {
  call: string
  practice: string
  agent: string
  mode: SupervisionMode
  rings: boolean
}

export type SupervisionMode = 'monitor' | 'whisper' | 'barge'

export interface Supervisor {
  name: string
  mode: SupervisionMode
}

export interface TakenDraft {
  draft: Draft
  pop: Pop
}

export type TestState = 'holds' | 'fails' | 'over'

export interface TestsOverruled {
  at: string
  by: string
  why: string
  failed: Record<string, string>[] | null
}

export interface Third {
  name: string
  state: ThirdState
  why: string
}

export type ThirdState = 'ringing' | 'asked' | 'alone' | 'talking'

export interface ThreadClosing {
  patient: string
  id: string
  text: string
  seen: string
}

export interface ThreadGift {
  patient: string
  from: string
  to: string
}

export interface ThreadHand {
  patient: string
  on: boolean
}

export interface ThreadLine {
  at: string
  kind: string
  actor: string
  leaf: number
}

export interface ThreadMessage {
  id: string
  kind: MessageKind
  at: string
  by: string
  text: string
  readAt: string
  flagged: boolean
  withdrawn: boolean
  notice: NoticeRow | null
  files: MessageFile[] | null
}

export interface ThreadRow {
  patient: string
  name: string
  language: Language
  state: ThreadState
  waits: ThreadWaits
  movedAt: string
  dueAt: string
  late: boolean
  assigned: string
  mine: boolean
  warned: ThreadWarning
  hand: string
  onCall: boolean
  version: number
}

export type ThreadState = 'open' | 'closed'

export type ThreadTab = 'unassigned' | 'mine' | 'waiting' | 'late' | 'all'

export interface ThreadView {
  row: ThreadRow
  assigned: string
  record: PatientRecord
  messages: ThreadMessage[] | null
  noteRef: string
  noteIs: NoteState
  lines: ThreadLine[] | null
  proof: Proof
  visits: VisitRow[] | null
}

export type ThreadWaits = 'staff' | 'patient' | 'nobody'

export type ThreadWarning = '' | 'stopped' | 'refused' | 'unreached' | 'reschedule'

export interface ThreadWriting {
  patient: string
  id: string
  text: string
  seen: string
  remark: boolean
  files: string[] | null
}

export interface ThreadsPage {
  rows: ThreadRow[] | null
  next: string
  counts: Record<string, number>
  staff: AgentRef[] | null
}

export interface ThreadsQuery {
  account: string
  tab: ThreadTab
  after: string
}

export interface Told {
  name: string
  channel: ChannelKind
  state: AttemptState
  at: string
}

export interface Tonight {
  checks: TonightCheck[] | null
}

export interface TonightCheck {
  name: string
  state: CheckState
  say: string
  vars: Record<string, string>
}

export interface Trial {
  by: ChannelKind
  to: string
}

export interface TrialArrived {
  by: ChannelKind
  code: string
}

export interface TrialCall {
  step: TrialStep
  why: string
}

export type TrialStep = 'calling' | 'rings' | 'answered' | 'told' | 'ended'

export interface Tried {
  taken: boolean
  mark: string
  why: string
  code: string
}

export type Urgency = 'routine' | 'urgent' | 'emergency'

export interface Version {
  protocol: number
  build: string
}

export interface VisitAsk {
  id: string
  why: string
  name: string
  birth: string
  phones: string[] | null
  begins: string
  visit: string
  place: string
  provider: string
  status: string
  among: PatientRow[] | null
}

export interface VisitFigure {
  visit: string
  provider: string
  visits: number
  sent: number
  delivered: number
  confirmed: number
  rescheduled: number
  cancelled: number
  kept: number
  missed: number
}

export interface VisitFigures {
  from: string
  to: string
  rows: VisitFigure[] | null
}

export interface VisitForm {
  account: string
  appointment: string
  patient: string
  version: number
  day: string
  time: string
  minutes: number
  visit: string
  place: string
  provider: string
}

export interface VisitMark {
  appointment: string
  version: number
  state: AppointmentState
}

export interface VisitRef {
  appointment: string
}

export interface VisitRow {
  appointment: string
  patient: string
  name: string
  language: Language
  begins: string
  minutes: number
  visit: string
  place: string
  provider: string
  state: AppointmentState
  version: number
  reminder: NoticeRow | null
  remindAt: string
  untold: string
}

export interface VisitView {
  row: VisitRow
  lines: ThreadLine[] | null
  proof: Proof
}

export interface VisitWord {
  account: string
  id: string
  patient: string
  new: boolean
  agreed: ConsentHow
  leave: boolean
}

export interface Wall {
  now: string
  answerIn: number
  total: WallRow
  rows: WallRow[] | null
  agents: WallAgents[] | null
}

export interface WallAgents {
  state: AgentState
  count: number
}

export interface WallRow {
  practice: string
  language: Language
  waiting: number
  since: string
  talking: number
  calls: number
  inTime: number
}

export interface Week {
  account: AccountRef
  from: string
  to: string
  shifts: WeekShift[] | null
  gaps: WeekShift[] | null
  problems: WeekProblem[] | null
}

export interface WeekProblem {
  field: string
  says: Record<string, string>
}

export interface WeekRef {
  account: string
  from: string
}

export interface WeekShift {
  role: string
  who: string[] | null
  from: string
  to: string
}
