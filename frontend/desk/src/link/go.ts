// The one way out of the page: cmd/console's Desk, bound by Wails or, in tests, by the bridge.

import en from '../../../shared/catalog/desk.en.json'
import type { DeskRequests } from '../../../gen/requests'
import type {
  AgentState,
  Begun,
  BoardQuery,
  Draft,
  Hello,
  Language,
  PauseReason,
  Pop,
  Saved,
  Sent,
  StoryRef,
  SuperviseAct,
  SupervisionMode,
  Urgency,
  Error as Refusal,
} from './types'

/** What the desk's program does itself. */
interface Own {
  Begin(): Promise<Begun>
  SignIn(login: string, password: string, code: string): Promise<void>
  SignInDemo(): Promise<void>
  SignOut(): Promise<void>
  Lock(): Promise<void>
  Hello(): Promise<Hello>
  Answer(call: string): Promise<void>
  Mute(muted: boolean): Promise<void>
  Resume(call: string): Promise<void>
  Typed(draft: Draft, pop: Pop | null): Promise<Saved>
  Drop(id: string): Promise<void>
  Send(draft: Draft): Promise<Sent>
  Give(draft: Draft, to: string): Promise<void>
  HandOver(call: string, draft: Draft | null, to: string): Promise<void>
  Play(call: string): Promise<void>
  Painted(call: string, epoch: number): Promise<void>
  Log(where: string): Promise<void>
  /** Passes a request on to the server: see ask. */
  Ask(name: string, body: unknown): Promise<unknown>
}

/** Asks the server for what the desk's program has nothing to add to. */
export const ask = <K extends keyof DeskRequests>(name: K, body: DeskRequests[K]['in']): Promise<DeskRequests[K]['out']> =>
  window.go.main.Desk.Ask(name, body) as Promise<DeskRequests[K]['out']>

const passed = {
  Ready: () => ask('ready', {}),
  Pause: (reason: PauseReason) => ask('pause', { reason }),
  Reject: (call: string, epoch: number) => ask('reject', { call, epoch }),
  Hold: (call: string) => ask('hold', { call }),
  Directory: (call: string) => ask('directory', { call }),
  Patch: (call: string, contact: string, urgency: Urgency, number = '', plain = false) =>
    ask('patch', { call, contact, urgency, number, plain }),
  Transfer: (call: string, contact: string, urgency: Urgency, number: string) => ask('transfer', { call, contact, urgency, number }),
  Confer: (call: string) => ask('confer', { call }),
  LeaveCall: (call: string) => ask('leavecall', { call }),
  HangUp: (call: string) => ask('hangup', { call }),
  WrapUpDone: () => ask('wrapupdone', {}),
  SetLanguage: (call: string, language: string) => ask('setlanguage', { call, language: language as Language }),
  CallBack: (call: string, note = '') => ask('callback', { call, note }),
  CallsNow: () => ask('callsnow', {}),
  EndCall: (call: string) => ask('endcall', { call }),
  Agents: (on: boolean) => ask('agents', { on }),
  Listen: (call: string, mode: SupervisionMode) => ask('listen', { call, mode }),
  Unlisten: () => ask('unlisten', {}),
  SetAgent: (agent: string, state: AgentState, reason: PauseReason) => ask('setagent', { agent, state, reason }),
  Preview: (draft: Draft) => ask('preview', draft),
  AckBulletin: (bulletin: string) => ask('ackbulletin', { bulletin }),
  NoteFor: (call: string) => ask('notefor', { call }),
  TakeDraft: (id: string) => ask('takedraft', { id }),
  Colleagues: (account: string) => ask('colleagues', { account }),
  BoardPage: (query: BoardQuery) => ask('boardpage', query),
  Story: (ref: StoryRef) => ask('story', ref),
  StoryState: (ref: StoryRef) => ask('storystate', ref),
  AddOn: (note: string, text: string) => ask('addon', { note, text }),
  CloseAbandoned: (call: string, outcome: string) => ask('closeabandoned', { call, outcome }),
  Supervise: (note: string, act: SuperviseAct, reason: string) => ask('supervise', { note, act, reason }),
  Reach: (note: string) => ask('reach', { note }),
  PageAgain: (note: string) => ask('pageagain', { note }),
  PageContact: (note: string, contact: string) => ask('pagecontact', { note, contact }),
  CallContact: (note: string, contact: string) => ask('callcontact', { note, contact }),
  ToldByVoice: (note: string, contact: string, took: boolean) => ask('toldbyvoice', { note, contact, took }),
  TakeOver: (note: string) => ask('takeover', { note }),
  Scenarios: () => ask('scenarios', {}),
  PracticeCall: (id: string) => ask('practicecall', { id }),
}

export type Desk = Own & typeof passed

declare global {
  interface Window {
    go: { main: { Desk: Own } }
    runtime: { EventsOn(name: string, f: (data: never) => void): () => void }
  }
}

export const go = (): Desk => Object.assign(Object.create(window.go.main.Desk), passed) as Desk

export const on = <T>(name: string, f: (data: T) => void): void => {
  window.runtime.EventsOn(name, f as (data: never) => void)
}

/** What went wrong, as a refusal with a catalog's code, whatever was thrown. The desk's refusals come as an Error's JSON. */
export function refusal(thrown: unknown): Refusal {
  try {
    const r: unknown = JSON.parse((thrown as Error).message)
    if (r && typeof r === 'object' && 'code' in r && typeof r.code === 'string') {
      const said = { kind: 'internal', ...r } as Refusal
      return said.code in en ? said : { ...said, code: `desk.kind.${said.kind}` } // of a later server: its kind has a sentence here
    }
  } catch {
    // not one of the desk's: a fault of the page
  }
  return { kind: 'internal', code: 'desk.error.internal' }
}
