// The one way out of the page: cmd/console's Desk, bound by Wails or, in tests, by the bridge.

import type { Begun, Draft, Hello, Pop, Preview, Saved, Scenario, Sent, Story, StoryRef, Error as Refusal } from './types'

export interface Desk {
  Begin(): Promise<Begun>
  SignIn(login: string, password: string, code: string): Promise<void>
  SignInDemo(): Promise<void>
  SignOut(): Promise<void>
  Lock(): Promise<void>
  Hello(): Promise<Hello>
  Ready(): Promise<void>
  Pause(reason: string): Promise<void>
  Answer(call: string): Promise<void>
  Mute(muted: boolean): Promise<void>
  Reject(call: string, epoch: number): Promise<void>
  Hold(call: string): Promise<void>
  Resume(call: string): Promise<void>
  HangUp(call: string): Promise<void>
  WrapUpDone(): Promise<void>
  SetLanguage(call: string, language: string): Promise<void>
  CallBack(call: string): Promise<void>
  Typed(draft: Draft, pop: Pop | null): Promise<Saved>
  Drop(id: string): Promise<void>
  Preview(draft: Draft): Promise<Preview>
  Send(draft: Draft): Promise<Sent>
  Story(ref: StoryRef): Promise<Story>
  AddOn(note: string, text: string): Promise<void>
  CloseAbandoned(call: string, outcome: string): Promise<void>
  Supervise(note: string, act: string, reason: string): Promise<void>
  Scenarios(): Promise<Scenario[] | null>
  PracticeCall(scenario: string): Promise<void>
  Painted(call: string, epoch: number): Promise<void>
  Log(where: string): Promise<void>
}

declare global {
  interface Window {
    go: { main: { Desk: Desk } }
    runtime: { EventsOn(name: string, f: (data: never) => void): () => void }
  }
}

export const go = (): Desk => window.go.main.Desk

export const on = <T>(name: string, f: (data: T) => void): void => {
  window.runtime.EventsOn(name, f as (data: never) => void)
}

/** What went wrong, as a refusal with a catalog's code, whatever was thrown. The desk's refusals come as an Error's JSON. */
export function refusal(thrown: unknown): Refusal {
  try {
    const r: unknown = JSON.parse((thrown as Error).message)
    if (r && typeof r === 'object' && 'code' in r && typeof r.code === 'string') return r as Refusal
  } catch {
    // not one of the desk's: a fault of the page
  }
  return { code: 'desk.error.internal' }
}
