// People in words: what somebody is, what was done to them, where they stand.

import type { PersonRow, PersonStand, RoleAt } from '../link/types'
import { code, t } from '../state/text.svelte'

export const roleAt = (r: RoleAt): string =>
  t('portal.people.at', {
    role: t(`portal.people.role.${r.role}`),
    practice: r.account === '*' ? t('portal.people.everywhere') : r.practice || r.account,
  })

export const rolesOf = (roles: RoleAt[] | null): string => (roles ?? []).map(roleAt).join(', ')

/** How somebody comes in, or why not. */
export function entry(r: PersonRow, until: string): string {
  if (r.forged) return t('portal.people.forged')
  if (r.signsIn) return t(r.code ? 'portal.people.with-code' : 'portal.people.without-code')
  return until ? t('portal.people.invited', { until }) : t('portal.people.no-way')
}

export function standing(s: PersonStand): string {
  const where = s.practice || t('portal.people.service')
  const what = t(`portal.people.stands.${s.kind}`, { name: s.kind === 'default' ? code('portal.role.', s.name) : s.name })
  const span = s.from ? ` ${t('portal.people.span', { from: s.from.replace('T', ' '), to: s.to.replace('T', ' ') })}` : ''
  return `${where}: ${what}${span}`
}
