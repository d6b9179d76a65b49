import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import en from '../../shared/catalog/desk.en.json'
import es from '../../shared/catalog/desk.es.json'
import { sentences } from '../../shared/i18n'

const root = new URL('./', import.meta.url)
const sources = (readdirSync(root, { recursive: true }) as string[])
  .filter((f) => /\.(ts|svelte)$/.test(f) && !f.endsWith('.test.ts'))
  .map((f) => readFileSync(new URL(f, root), 'utf8'))
const keys = new Set(Object.keys(en).map((k) => k.replace(/_(one|other)$/, '')))

describe('the catalog', () => {
  it('has every sentence the desk says', () => {
    const said = sources.flatMap((s) => [...s.matchAll(/['"`](desk\.[a-z0-9.-]*[a-z0-9])['"`]/g)].map((m) => m[1] ?? ''))
    expect(said.length).toBeGreaterThan(100)
    expect(said.filter((k) => !keys.has(k))).toEqual([])
  })
  it('has sentences under every prefix the desk completes', () => {
    const prefixes = sources.flatMap((s) => [...s.matchAll(/['"`](desk\.[a-z.-]*\.)(?:\$\{|['"])/g)].map((m) => m[1] ?? ''))
    expect(prefixes.filter((p) => ![...keys].some((k) => k.startsWith(p)))).toEqual([])
  })
  it('is the same in both languages', () => {
    expect(Object.keys(es).sort()).toEqual(Object.keys(en).sort())
    const holes = (s: string) => [...s.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort()
    for (const [k, s] of Object.entries(en)) expect(holes((es as Record<string, string>)[k] ?? ''), k).toEqual(holes(s))
  })
  it('counts, also in Spanish millions', () => {
    const say = sentences(en, es)
    expect(say('en', 'desk.drafts', { count: 1 })).toBe('One note not sent')
    expect(say('es', 'desk.drafts', { count: 3 })).toBe('3 notas sin enviar')
    expect(say('es', 'desk.age.years', { count: 1_000_000 })).toContain('años')
  })
  it('leaves names as they are: the page escapes them', () => {
    expect(sentences(en, es)('en', 'desk.step.text', { name: '<b>&' })).toBe('texted <b>&')
  })
})
