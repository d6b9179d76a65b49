// What stands in the bar's menus. A place in a menu has one digit and one meaning always: what cannot be done now stays
// where it is, greyed, so that no other thing moves under its digit.

import { tick } from 'svelte'
import { at, length } from '../../../shared/clock'
import { boardActs, reachActs } from '../board/acts'
import { reaching } from '../board/reaching.svelte'
import { go } from '../link/go'
import type { PauseReason, ReachPerson, SupervisionMode } from '../link/types'
import { acting } from '../state/acting.svelte'
import { larger, lockNow, ready, signOut, smaller } from '../state/actions'
import { clock } from '../state/clock.svelte'
import { desk } from '../state/desk.svelte'
import { caps, type Action } from '../state/keys'
import { code, inLang, t, text } from '../state/text.svelte'

export interface Item {
  id: string
  label: string
  note?: string
  /** It is what is so now. */
  on?: boolean
  /** It cannot be done now. */
  off?: boolean
  /** The menu stays: one chooses on. */
  stays?: boolean
  run: () => void
}

/** An action in a menu. */
const item = (a: Action): Item => ({
  id: a.id,
  label: t(a.name()),
  note: caps(a)[0],
  on: a.on?.() ?? false,
  off: !a.when(),
  run: () => acting.press(a),
})

export function stateMenu(): Item[] {
  const pause = (reason: PauseReason): Item => ({
    id: `pause:${reason}`,
    label: code('desk.pause.', reason),
    on: desk.agent.state === 'paused' && desk.agent.reason === reason,
    run: () => void desk.act(() => go().Pause(reason)),
  })
  return [item(ready), ...desk.pauses.map(pause), item(lockNow), item(signOut)]
}

export function viewMenu(): Item[] {
  const looks = (['auto', 'light', 'dark'] as const).map((l): Item => ({
    id: `look:${l}`,
    label: t(`desk.look.${l}`),
    on: text.look === l,
    stays: true,
    run: () => text.setLook(l, true),
  }))
  const languages = (['en', 'es'] as const).map((l): Item => ({
    id: `lang:${l}`,
    label: t(`desk.lang.${l}`),
    on: text.lang === l,
    stays: true,
    run: () => text.setLang(l, true),
  }))
  const sized = [larger, smaller].map((a) => ({ ...item(a), stays: true }))
  return [...looks, ...languages, ...sized]
}

/** The calls of now. One that is chosen twice is ended. */
export function nowMenu(): Item[] {
  const calls = desk.now.map((c): Item => {
    const does = [t(`desk.now.${c.state}`), length(clock.now - at(c.since)), c.inbound ? '' : t('desk.now.back')]
    return {
      id: c.call,
      label: [c.practice, c.agent].filter(Boolean).join(' · '),
      note: desk.ending === c.call ? t('desk.now.again') : does.filter(Boolean).join(' · '),
      on: desk.ending === c.call,
      stays: true,
      run: () => void desk.endNow(c.call),
    }
  })
  return calls.length ? calls : [{ id: 'none', label: t('desk.now.none'), stays: true, run: () => undefined }]
}

/** The agents, each with what they do now. One that is chosen shows what can be done. */
export function agentsMenu(): Item[] {
  const all = desk.agents.map((a): Item => {
    const does = [code('desk.state.', a.state), a.state === 'paused' ? code('desk.pause.', a.reason) : '', length(clock.now - at(a.since))]
    const in_ = a.supervisor ? t(`desk.agents.${a.supervisor.mode}`, { name: a.supervisor.name }) : ''
    return {
      id: a.id,
      label: [a.name, a.practice].filter(Boolean).join(' · '),
      note: [...does, in_].filter(Boolean).join(' · '),
      stays: true,
      run: () => {
        desk.chosen = a.id
        desk.panel = ''
        void tick().then(() => (desk.panel = 'agent')) // when the first list has given the keys back
      },
    }
  })
  return all.length ? all : [{ id: 'none', label: t('desk.agents.none'), stays: true, run: () => undefined }]
}

/** What a supervisor can do with the agent chosen. */
export function agentMenu(): Item[] {
  const a = desk.agents.find((a) => a.id === desk.chosen)
  const mine = a !== undefined && a.call !== '' && desk.supervises?.call === a.call
  const heard = a?.callState === 'talking' || a?.callState === 'held'
  const way = (mode: SupervisionMode): Item => ({
    id: mode,
    label: t(`desk.agent.${mode}`),
    on: mine && desk.supervises?.mode === mode,
    off: !heard || a?.id === desk.agent.id || (!mine && desk.supervises !== null),
    run: () => void desk.listenIn(a?.call ?? '', mode),
  })
  const set = (state: 'ready' | 'paused', reason: PauseReason = ''): Item => ({
    id: reason || state,
    label: reason ? t('desk.agent.pause', { reason: code('desk.pause.', reason) }) : t('desk.agent.ready'),
    on: a?.state === state && a.reason === reason,
    off: !a || a.reason === 'supervising',
    run: () => void desk.act(() => go().SetAgent(a?.id ?? '', state, reason)),
  })
  return [
    way('monitor'),
    way('whisper'),
    way('barge'),
    { id: 'stop', label: t('desk.key.unlisten'), off: !mine, run: () => void desk.act(() => go().Unlisten()) },
    set('ready'),
    ...desk.pauses.map((reason) => set('paused', reason)),
  ]
}

/** Who could finish the note in hand, and what each does now. */
export function giveMenu(): Item[] {
  const all = desk.colleagues.map((c): Item => ({
    id: c.id,
    label: c.name,
    note: [code('desk.state.', c.state), ...(desk.handsOver ? (c.languages ?? []) : []).map((l) => t(`desk.lang.${l}`))].join(' · '),
    off: desk.handsOver && c.state !== 'ready',
    run: () => void desk.give(c),
  }))
  return all.length ? all : [{ id: 'none', label: t('desk.give.none'), stays: true, run: () => undefined }]
}

/** What can be done about the board's row. */
export function rowItems(): Item[] {
  return [...reachActs, ...boardActs.filter((a) => a.id === 'push' || a.id === 'cancel')].map(item)
}

const rung = (): boolean => reaching.what === 'call' || reaching.what === 'patch' || reaching.what === 'out'

/** The practice's people, each with how they can be reached, or why not. */
export function peopleItems(): Item[] {
  const can = (p: ReachPerson): boolean => (reaching.what === 'contact' ? !p.why : rung() ? p.rings : true)
  const how = (p: ReachPerson): string =>
    reaching.what === 'contact'
      ? p.why
        ? code('desk.hole.', p.why)
        : (p.channels ?? []).map((c) => code('desk.channel.', c)).join(', ')
      : rung() && !p.rings
        ? t('desk.reach.no-number')
        : p.say
  const people = reaching.people.map((p): Item => ({
    id: p.contact,
    label: p.name,
    note: [p.onCall ? t('desk.reach.oncall') : '', how(p)].filter(Boolean).join(' · ') || undefined,
    off: !can(p),
    run: () => reaching.pick(p),
  }))
  if (reaching.what !== 'out') return people
  const places = reaching.places.map((p): Item => ({
    id: p.contact,
    label: p.name,
    note: p.number,
    run: () => reaching.target({ contact: p.contact, number: '', name: p.name, person: false }),
  }))
  // What is typed stands first: the list may be long.
  return [{ id: 'type', label: t('desk.out.type'), run: () => reaching.type() }, ...people, ...places]
}

/** How whom the agent calls for the caller is brought together with them. */
export function howItems(): Item[] {
  const whom = reaching.whom
  if (!whom) return []
  return [
    { id: 'talk', label: t('desk.out.talk'), note: t('desk.out.talk.does'), run: () => void desk.bringIn(whom, true) },
    {
      id: 'send',
      label: t('desk.out.send'),
      note: t(whom.person ? 'desk.out.send.key' : 'desk.out.send.does'),
      run: () => void desk.transfer(whom),
    },
  ]
}

/** Whether who was told takes it on. */
export function toldItems(): Item[] {
  return [
    { id: 'told-only', label: t('desk.reach.only'), run: () => reaching.say(false) },
    { id: 'told-took', label: t('desk.reach.takes', { name: reaching.told?.name ?? '' }), run: () => reaching.say(true) },
  ]
}

export function callsMenu(): Item[] {
  return desk.scenarios.map((s) => ({
    id: s.id,
    label: inLang(s.title, text.lang),
    note: `${s.practice} · ${t(`desk.lang.${s.language}`)}`,
    run: () => void desk.act(() => go().PracticeCall(s.id)),
  }))
}
