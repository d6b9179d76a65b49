// Written by cmd/console's TestThePagesKnowWhatTheServerSays from the Go code; edit that.

import type {
  AgentNow,
  AgentSet,
  AgentsWatch,
  BoardPage,
  BoardQuery,
  BoardRow,
  BulletinEnd,
  BulletinPut,
  BulletinRef,
  CallBackRef,
  CallGift,
  CallLanguage,
  CallNow,
  CallOutcome,
  CallRef,
  CallStep,
  CallStory,
  CallsFilter,
  CallsPage,
  Card,
  CardState,
  ChartAnswer,
  ChartQuestion,
  ChartQueue,
  ChartVisits,
  Colleague,
  ConsentSaid,
  DayPage,
  DayQuery,
  Draft,
  DraftGift,
  DraftRef,
  DraftRefs,
  DutyChange,
  FeedAddress,
  FiguresQuery,
  FileBegun,
  FileCame,
  FileRef,
  Hello,
  InboxPage,
  InboxQuery,
  InboxRow,
  KeptContacts,
  KeptPractices,
  LinkToken,
  ListenRef,
  Me,
  MessageRef,
  Moment,
  MomentQuery,
  MyDuty,
  MyFileBegun,
  MyFileRef,
  NoteAct,
  NoteContact,
  NoteDrawn,
  NoteRef,
  NoteText,
  NoteTold,
  OfferRef,
  OwnView,
  PatchRef,
  PatientCall,
  PatientForm,
  PatientKept,
  PatientPage,
  PatientRef,
  PatientRows,
  PatientSearch,
  PatientStamp,
  PatientWish,
  PatientWriting,
  PauseRequest,
  PeopleFilter,
  PeopleList,
  PersonEdit,
  PersonEdited,
  PersonInvite,
  PersonInvited,
  PersonRef,
  PersonView,
  Pop,
  PracticeBulletins,
  PracticeDraftRef,
  PracticeMoment,
  PracticeNew,
  PracticePublish,
  PracticePublished,
  PracticeRef,
  PracticeSave,
  PracticeSaved,
  PracticeTested,
  PracticeTests,
  PracticeText,
  PracticeVersionRef,
  PracticeWhole,
  PracticesPage,
  PracticesQuery,
  Preview,
  PushKey,
  PushSubscription,
  Reach,
  RecordingPart,
  RecordingRef,
  RemindersQuery,
  RemindersSaid,
  Scenario,
  ScenarioRef,
  ScheduleEdit,
  ScheduleEdited,
  ScheduleQuery,
  ScheduleView,
  Sent,
  SentDraft,
  ServiceSettings,
  SessionRef,
  SettingEdit,
  SettingEdited,
  SheetFile,
  SheetRead,
  Story,
  StoryRef,
  StoryState,
  TakenDraft,
  ThreadClosing,
  ThreadGift,
  ThreadHand,
  ThreadView,
  ThreadWriting,
  ThreadsPage,
  ThreadsQuery,
  Tonight,
  Trial,
  TrialArrived,
  TrialCall,
  Tried,
  VisitFigures,
  VisitForm,
  VisitMark,
  VisitRef,
  VisitView,
  VisitWord,
  Wall,
  Week,
  WeekRef,
} from './types'

/** What a desk asks, by name. */
export interface DeskRequests {
  hello: { in: Record<string, never>; out: Hello }
  ready: { in: Record<string, never>; out: Record<string, never> }
  pause: { in: PauseRequest; out: Record<string, never> }
  reject: { in: OfferRef; out: Record<string, never> }
  hold: { in: CallRef; out: Record<string, never> }
  resume: { in: CallRef; out: Record<string, never> }
  rejoin: { in: CallRef; out: Record<string, never> }
  directory: { in: CallRef; out: Reach }
  patch: { in: PatchRef; out: Record<string, never> }
  leavecall: { in: CallRef; out: Record<string, never> }
  transfer: { in: PatchRef; out: Record<string, never> }
  confer: { in: CallRef; out: Record<string, never> }
  handover: { in: CallGift; out: Record<string, never> }
  hangup: { in: CallRef; out: Record<string, never> }
  wrapupdone: { in: Record<string, never>; out: Record<string, never> }
  signout: { in: Record<string, never>; out: Record<string, never> }
  setlanguage: { in: CallLanguage; out: Record<string, never> }
  callback: { in: CallBackRef; out: Record<string, never> }
  callsnow: { in: Record<string, never>; out: CallNow[] | null }
  endcall: { in: CallRef; out: Record<string, never> }
  agents: { in: AgentsWatch; out: AgentNow[] | null }
  listen: { in: ListenRef; out: Record<string, never> }
  unlisten: { in: Record<string, never>; out: Record<string, never> }
  setagent: { in: AgentSet; out: Record<string, never> }
  savedraft: { in: Draft; out: Record<string, never> }
  drafts: { in: Record<string, never>; out: Draft[] | null }
  dropdraft: { in: DraftRef; out: Record<string, never> }
  sentdrafts: { in: DraftRefs; out: SentDraft[] | null }
  takedraft: { in: DraftRef; out: TakenDraft }
  colleagues: { in: PracticeRef; out: Colleague[] | null }
  givedraft: { in: DraftGift; out: Record<string, never> }
  notefor: { in: CallRef; out: Pop }
  recording: { in: RecordingRef; out: RecordingPart }
  ackbulletin: { in: BulletinRef; out: Record<string, never> }
  preview: { in: Draft; out: Preview }
  send: { in: Draft; out: Sent }
  boardpage: { in: BoardQuery; out: BoardPage }
  board: { in: Record<string, never>; out: BoardRow[] | null }
  story: { in: StoryRef; out: Story }
  storystate: { in: StoryRef; out: StoryState }
  addon: { in: NoteText; out: Record<string, never> }
  closeabandoned: { in: CallOutcome; out: Record<string, never> }
  supervise: { in: NoteAct; out: Record<string, never> }
  reach: { in: NoteRef; out: Reach }
  pageagain: { in: NoteRef; out: Record<string, never> }
  pagecontact: { in: NoteContact; out: Record<string, never> }
  callcontact: { in: NoteContact; out: Record<string, never> }
  toldbyvoice: { in: NoteTold; out: Record<string, never> }
  takeover: { in: NoteRef; out: Record<string, never> }
  scenarios: { in: Record<string, never>; out: Scenario[] | null }
  practicecall: { in: ScenarioRef; out: Record<string, never> }
}

/** What a page asks, by name. */
export interface PageRequests {
  me: { in: Record<string, never>; out: Me }
  locate: { in: LinkToken; out: NoteRef }
  inboxpage: { in: InboxQuery; out: InboxPage }
  inbox: { in: Record<string, never>; out: InboxRow[] | null }
  card: { in: NoteRef; out: Card }
  cardstate: { in: NoteRef; out: CardState }
  rendered: { in: NoteDrawn; out: Record<string, never> }
  acknowledge: { in: NoteRef; out: Card }
  pass: { in: NoteRef; out: Card }
  takeovercard: { in: NoteRef; out: Card }
  reply: { in: NoteText; out: Card }
  closeout: { in: NoteText; out: Card }
  callpatient: { in: PatientCall; out: Record<string, never> }
  callstep: { in: PatientCall; out: CallStep }
  myduty: { in: Record<string, never>; out: MyDuty }
  duty: { in: DutyChange; out: ScheduleEdited }
  feed: { in: PracticeRef; out: FeedAddress }
  stopfeed: { in: PracticeRef; out: Record<string, never> }
  subscribe: { in: PushSubscription; out: Record<string, never> }
  pushkey: { in: Record<string, never>; out: PushKey }
  calls: { in: CallsFilter; out: CallsPage }
  callstory: { in: CallRef; out: CallStory }
  wall: { in: Record<string, never>; out: Wall }
  week: { in: WeekRef; out: Week }
  schedule: { in: ScheduleQuery; out: ScheduleView }
  moment: { in: MomentQuery; out: Moment }
  editschedule: { in: ScheduleEdit; out: ScheduleEdited }
  practices: { in: PracticesQuery; out: PracticesPage }
  practice: { in: PracticeRef; out: PracticeWhole }
  newpractice: { in: PracticeNew; out: PracticeRef }
  savepractice: { in: PracticeSave; out: PracticeSaved }
  droppractice: { in: PracticeRef; out: Record<string, never> }
  practicebeside: { in: PracticeDraftRef; out: PracticeText }
  publishpractice: { in: PracticePublish; out: PracticePublished }
  practiceversion: { in: PracticeVersionRef; out: PracticeText }
  practicemoment: { in: PracticeMoment; out: Moment }
  practicetests: { in: PracticeTests; out: PracticeTested }
  bulletins: { in: PracticeRef; out: PracticeBulletins }
  putbulletin: { in: BulletinPut; out: PracticeBulletins }
  endbulletin: { in: BulletinEnd; out: PracticeBulletins }
  practicereminders: { in: RemindersQuery; out: RemindersSaid }
  chart: { in: PracticeRef; out: ChartQueue }
  chartquestion: { in: NoteRef; out: ChartQuestion }
  chartanswer: { in: ChartAnswer; out: Record<string, never> }
  people: { in: PeopleFilter; out: PeopleList }
  person: { in: PersonRef; out: PersonView }
  inviteperson: { in: PersonInvite; out: PersonInvited }
  editperson: { in: PersonEdit; out: PersonEdited }
  keptpractices: { in: Record<string, never>; out: KeptPractices }
  keptcontacts: { in: PracticeRef; out: KeptContacts }
  own: { in: Record<string, never>; out: OwnView }
  endown: { in: SessionRef; out: Record<string, never> }
  settings: { in: Record<string, never>; out: ServiceSettings }
  editsetting: { in: SettingEdit; out: SettingEdited }
  tonight: { in: Record<string, never>; out: Tonight }
  trial: { in: Trial; out: Tried }
  arrived: { in: TrialArrived; out: Record<string, never> }
  trialcall: { in: Record<string, never>; out: TrialCall }
  patients: { in: PatientSearch; out: PatientRows }
  putpatient: { in: PatientForm; out: PatientKept }
  consent: { in: ConsentSaid; out: ThreadView }
  threads: { in: ThreadsQuery; out: ThreadsPage }
  thread: { in: PatientRef; out: ThreadView }
  writethread: { in: ThreadWriting; out: ThreadView }
  assignthread: { in: ThreadGift; out: ThreadView }
  closethread: { in: ThreadClosing; out: ThreadView }
  withdraw: { in: MessageRef; out: ThreadView }
  looked: { in: PatientRef; out: ThreadView }
  file: { in: FileBegun; out: FileCame }
  filedone: { in: FileRef; out: FileCame }
  filedrop: { in: FileRef; out: Record<string, never> }
  hand: { in: ThreadHand; out: Record<string, never> }
  day: { in: DayQuery; out: DayPage }
  putvisit: { in: VisitForm; out: VisitView }
  markvisit: { in: VisitMark; out: VisitView }
  visit: { in: VisitRef; out: VisitView }
  sheet: { in: SheetFile; out: SheetRead }
  chartvisits: { in: PracticeRef; out: ChartVisits }
  visitword: { in: VisitWord; out: ChartVisits }
  figures: { in: FiguresQuery; out: VisitFigures }
  mythread: { in: Record<string, never>; out: PatientPage }
  mystamp: { in: Record<string, never>; out: PatientStamp }
  mywords: { in: PatientWriting; out: PatientPage }
  myfile: { in: MyFileBegun; out: FileCame }
  myfiledone: { in: MyFileRef; out: FileCame }
  myfiledrop: { in: MyFileRef; out: Record<string, never> }
  mywish: { in: PatientWish; out: PatientPage }
}

/** The route of each of a page's requests. */
export const routes: Record<keyof PageRequests, string> = {
  me: 'GET /api/me',
  locate: 'POST /api/locate',
  inboxpage: 'POST /api/inbox',
  inbox: 'GET /api/inbox',
  card: 'POST /api/notes/{note}/open',
  cardstate: 'POST /api/notes/{note}/state',
  rendered: 'POST /api/notes/{note}/rendered',
  acknowledge: 'POST /api/notes/{note}/acknowledge',
  pass: 'POST /api/notes/{note}/pass',
  takeovercard: 'POST /api/notes/{note}/takeover',
  reply: 'POST /api/notes/{note}/reply',
  closeout: 'POST /api/notes/{note}/close',
  callpatient: 'POST /api/notes/{note}/call',
  callstep: 'POST /api/notes/{note}/call/{id}',
  myduty: 'GET /api/duty',
  duty: 'POST /api/duty',
  feed: 'POST /api/duty/feed',
  stopfeed: 'POST /api/duty/feed/stop',
  subscribe: 'POST /api/push',
  pushkey: 'GET /api/push-key',
  calls: 'POST /api/calls',
  callstory: 'POST /api/calls/{call}/open',
  wall: 'GET /api/wall',
  week: 'POST /api/week',
  schedule: 'POST /api/schedule',
  moment: 'POST /api/schedule/moment',
  editschedule: 'POST /api/schedule/edit',
  practices: 'POST /api/practices',
  practice: 'POST /api/practices/one',
  newpractice: 'POST /api/practices/new',
  savepractice: 'POST /api/practices/save',
  droppractice: 'POST /api/practices/drop',
  practicebeside: 'POST /api/practices/beside',
  publishpractice: 'POST /api/practices/publish',
  practiceversion: 'POST /api/practices/version',
  practicemoment: 'POST /api/practices/moment',
  practicetests: 'POST /api/practices/tests',
  bulletins: 'POST /api/practices/bulletins',
  putbulletin: 'POST /api/practices/bulletins/put',
  endbulletin: 'POST /api/practices/bulletins/end',
  practicereminders: 'POST /api/practices/reminders',
  chart: 'POST /api/chart',
  chartquestion: 'POST /api/notes/{note}/chart',
  chartanswer: 'POST /api/notes/{note}/chart/answer',
  people: 'POST /api/people',
  person: 'POST /api/people/open',
  inviteperson: 'POST /api/people/invite',
  editperson: 'POST /api/people/edit',
  keptpractices: 'GET /api/people/practices',
  keptcontacts: 'POST /api/people/contacts',
  own: 'GET /api/own',
  endown: 'POST /api/own/end',
  settings: 'GET /api/service',
  editsetting: 'POST /api/service/edit',
  tonight: 'GET /api/service/tonight',
  trial: 'POST /api/service/trial',
  arrived: 'POST /api/service/arrived',
  trialcall: 'GET /api/service/trial',
  patients: 'POST /api/patients',
  putpatient: 'POST /api/patients/put',
  consent: 'POST /api/patients/{patient}/consent',
  threads: 'POST /api/threads',
  thread: 'POST /api/patients/{patient}/open',
  writethread: 'POST /api/patients/{patient}/write',
  assignthread: 'POST /api/patients/{patient}/assign',
  closethread: 'POST /api/patients/{patient}/close',
  withdraw: 'POST /api/patients/{patient}/withdraw',
  looked: 'POST /api/patients/{patient}/looked',
  file: 'POST /api/patients/{patient}/file',
  filedone: 'POST /api/patients/{patient}/file/done',
  filedrop: 'POST /api/patients/{patient}/file/drop',
  hand: 'POST /api/patients/{patient}/hand',
  day: 'POST /api/appointments',
  putvisit: 'POST /api/appointments/put',
  markvisit: 'POST /api/appointments/mark',
  visit: 'POST /api/appointments/open',
  sheet: 'POST /api/appointments/sheet',
  chartvisits: 'POST /api/appointments/chart',
  visitword: 'POST /api/appointments/chart/word',
  figures: 'POST /api/appointments/figures',
  mythread: 'POST /api/patient/thread',
  mystamp: 'POST /api/patient/stamp',
  mywords: 'POST /api/patient/write',
  myfile: 'POST /api/patient/file',
  myfiledone: 'POST /api/patient/file/done',
  myfiledrop: 'POST /api/patient/file/drop',
  mywish: 'POST /api/patient/wish',
}
