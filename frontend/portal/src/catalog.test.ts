import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import en from '../../shared/catalog/portal.en.json'
import es from '../../shared/catalog/portal.es.json'

const root = new URL('./', import.meta.url)
const sources = (readdirSync(root, { recursive: true }) as string[])
  .filter((f) => /\.(ts|svelte)$/.test(f) && !f.endsWith('.test.ts'))
  .map((f) => readFileSync(new URL(f, root), 'utf8'))
const keys = new Set(Object.keys(en).map((k) => k.replace(/_(one|other)$/, '')))
const go = ['../../../console/portal/', '../../../console/house/', '../../../console/'].flatMap((d) =>
  readdirSync(new URL(d, root))
    .filter((f) => f.endsWith('.go') && !f.endsWith('_test.go'))
    .map((f) => readFileSync(new URL(d + f, root), 'utf8')),
)

describe('the catalog', () => {
  it('has every sentence the pages say', () => {
    const said = sources.flatMap((s) => [...s.matchAll(/['"`](portal\.[a-z0-9.-]*[a-z0-9])['"`]/g)].map((m) => m[1] ?? ''))
    expect(said.length).toBeGreaterThan(100)
    expect(said.filter((k) => !keys.has(k))).toEqual([])
  })
  it('has sentences under every prefix the pages complete', () => {
    const prefixes = sources.flatMap((s) => [...s.matchAll(/['"`](portal\.[a-z.-]*\.)(?:\$\{|['"])/g)].map((m) => m[1] ?? ''))
    expect(prefixes.filter((p) => ![...keys].some((k) => k.startsWith(p)))).toEqual([])
  })
  it('has a sentence for every refusal of the pages', () => {
    const codes = go.flatMap((s) => [...s.matchAll(/"(portal\.error\.[a-z-]+)"/g)].map((m) => m[1] ?? ''))
    expect(codes.length).toBeGreaterThan(10)
    expect(codes.filter((k) => !keys.has(k))).toEqual([])
  })
  it('says nothing that no page asks for by name or prefix', () => {
    const all = sources.join('\n')
    const prefixes = [...new Set([...all.matchAll(/(portal\.[a-z.-]*\.)(?:\$\{|['"`])/g)].map((m) => m[1] ?? ''))]
    const stray = [...keys].filter(
      (k) =>
        !all.includes(`'${k}'`) &&
        !all.includes(`\`${k}\``) &&
        !prefixes.some((p) => k.startsWith(p)) &&
        !/^portal\.(error|field|reply|close)\./.test(k),
    )
    expect(stray).toEqual([])
  })
  it('is the same in both languages', () => {
    expect(Object.keys(es).sort()).toEqual(Object.keys(en).sort())
    const holes = (s: string) => [...s.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort()
    for (const [k, s] of Object.entries(en)) expect(holes((es as Record<string, string>)[k] ?? ''), k).toEqual(holes(s))
  })
})
