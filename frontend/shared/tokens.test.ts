import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')

/** A colour token in light or dark. */
function token(name: string, dark: boolean): string {
  const m = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css)
  if (!m) throw new Error(`no token ${name}`)
  return (dark ? m[2] : m[1]) ?? ''
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [hi = 0, lo = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (hi + 0.05) / (lo + 0.05)
}

const grounds = ['paper', 'surface', 'raised', 'sunken', 'accent-soft', 'late-soft']
const pairs: [ink: string, ground: string, least: number][] = [
  ...grounds.flatMap((g): [string, string, number][] => [
    ['ink', g, 7],
    ['ink-soft', g, 4.5],
    ['late', g, 4.5],
  ]),
  ...['paper', 'surface', 'raised'].flatMap((g): [string, string, number][] => [
    ['ink-faint', g, 4.5],
    ['accent', g, 4.5],
    ['line-strong', g, 3],
  ]),
  ['accent-ink', 'accent', 4.5],
  ['late-ink', 'late', 4.5],
]

describe.each([false, true])('contrast, dark: %s', (dark) => {
  it.each(pairs)('%s on %s is at least %d', (ink, ground, least) => {
    expect(contrast(token(ink, dark), token(ground, dark))).toBeGreaterThanOrEqual(least)
  })
})
