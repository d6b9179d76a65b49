// How long ago, in words a tired person reads at once.

import { t } from '../state/text.svelte'

/** "just now", "4 min ago", "3 h ago", "2 days ago". */
export function ago(ms: number): string {
  const min = Math.floor(ms / 60_000)
  if (min < 1) return t('portal.ago.now')
  if (min < 60) return t('portal.ago.minutes', { n: min })
  const h = Math.floor(min / 60)
  return h < 48 ? t('portal.ago.hours', { n: h }) : t('portal.ago.days', { n: Math.floor(h / 24) })
}
