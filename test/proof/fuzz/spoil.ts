import type { Random } from '../harness/random.ts'
import { ADMIN_KEY } from '../harness/start.ts'
import type { Draft, Pair } from './drafts.ts'
import { STRAY } from './drafts.ts'
import { CANARY, flip, INJECTED, oddText, oddValue, twistJwt } from './odd.ts'
import type { RawRequest } from './wire.ts'
import type { Held } from './world.ts'

/** A request that is ready to be sent, and what was done to it. */
export interface Spoilt extends RawRequest {
  readonly name: string
  readonly changes: readonly string[]
  /** Whether it holds something of the bystander as it was given out. */
  readonly foreign: boolean
}

/** The sender's own things, and those of a party that must not notice anything. */
export interface Parties {
  readonly actor: Held
  readonly bystander: Held
}

/** Of the bystander's things those that anybody may use who has them; they are only ever sent altered. */
const BEARER_ONLY = new Set([
  'client_secret',
  'registration_token',
  'user_code',
  'device_code',
  'login_verifier',
  'consent_verifier',
  'assertion',
])

const SECRET_NAMES =
  /secret|token|code|password|assertion|verifier|challenge|cookie|authorization|request|nonce/

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PURGE', 'PROPFIND']

/** A draft while it is changed. */
interface Work {
  readonly random: Random
  readonly parties: Parties
  method: string
  path: string
  query: Pair[]
  headers: Pair[]
  form: Pair[] | undefined
  json: unknown
  foreign: boolean
  chunked: boolean
  oddEncoding: boolean
  padding: number
}

/** Spoils a request in some ways, or in none. */
export function spoil(draft: Draft, parties: Parties, random: Random): Spoilt {
  const work: Work = {
    ...{ random, parties, method: draft.method, path: draft.path, query: [...draft.query] },
    ...{ headers: [...draft.headers], form: draft.form === undefined ? undefined : [...draft.form] },
    ...{ json: draft.json, foreign: false, chunked: false, oddEncoding: false, padding: 0 },
  }
  const changes: string[] = []
  for (let more = !random.chance(0.12); more; more = random.chance(0.45)) {
    const [name, change] = random.pick(CHANGES)
    change(work)
    changes.push(name)
  }
  if (hasRightKey(work) && work.foreign) {
    work.headers = work.headers.map(([name, value]) => [
      name,
      value.replace(ADMIN_KEY, flip(ADMIN_KEY, random)),
    ])
  }
  return { name: draft.name, changes, foreign: work.foreign, ...rawOf(work) }
}

/** Whether it is sent as an admin. */
export const hasRightKey = ({ headers }: Pick<RawRequest, 'headers'>): boolean =>
  headers.some(([, value]) => value.includes(ADMIN_KEY))

type Change = readonly [name: string, change: (work: Work) => unknown]

/** Secrets that a log cannot tell from other text; they are not put where a log shows what was sent. */
const PLAIN = new Set(['client_secret', 'code_verifier', 'user_code', 'session_cookie'])

/** Something that Ladon gave out, to any party, of any kind. */
function somebodys(work: Work, name = 'token'): string {
  const { random, parties } = work
  const own = random.chance(0.5)
  const held = own ? parties.actor : parties.bystander
  const kind = random.pick(Object.keys(held))
  const value = held[kind] ?? ''
  if ((!own && BEARER_ONLY.has(kind)) || (PLAIN.has(kind) && !SECRET_NAMES.test(name)))
    return flip(value, random)
  if (!own) work.foreign = true
  return value
}

function madeUp(name: string, random: Random): string {
  return SECRET_NAMES.test(name) && random.chance(0.5)
    ? `${CANARY}${random.word(20)}.${random.word(30)}`
    : oddText(random)
}

function otherValue(work: Work, name: string, value: string): string {
  const { random, parties } = work
  return random.pick<() => string>([
    () => somebodys(work, name),
    () => somebodys(work, name),
    () => flip(value, random),
    () => flip(flip(value, random), random),
    () => twistJwt(value, parties.bystander['id_token'] ?? '', random),
    () => madeUp(name, random),
    () => madeUp(name, random),
    () => value.slice(0, random.below(value.length + 1)),
    () => value + random.pick([' ', '.', '=', '\u0000', 'x', '\n', '.x']),
    () => value.toUpperCase(),
    () => ` ${value}`,
    () => value.replace(/^ory_.._/, ''),
    () => value.replace(/^ory_(.)./, 'ory_$1x'),
  ])()
}

/** Applies a change to the query or the form, whichever is there. */
function onFields(work: Work, change: (fields: Pair[]) => Pair[]): void {
  const inForm = work.form !== undefined && (work.query.length === 0 || work.random.chance(0.8))
  if (inForm && work.form !== undefined) work.form = change(work.form)
  else work.query = change(work.query)
}

const at = <T>(items: readonly T[], random: Random): number => random.below(Math.max(1, items.length))

function replaceJson(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.1)) return oddValue(random)
  if (Array.isArray(value)) {
    const index = at(value, random)
    return value.map((item, own) => (own === index ? replaceJson(item, random) : item))
  }
  const names = Object.keys(value)
  if (names.length === 0 || random.chance(0.2)) return { ...value, [oddText(random)]: oddValue(random) }
  const name = random.pick(names)
  const { [name]: old, ...rest }: Record<string, unknown> = { ...value }
  return random.chance(0.2) ? rest : { ...rest, [name]: replaceJson(old, random) }
}

function spoilJson(work: Work): void {
  if (work.json !== undefined) work.json = replaceJson(work.json, work.random)
}

const HEADERS: readonly ((work: Work) => Pair)[] = [
  (work) => ['cookie', `${random24(work)}=${somebodys(work)}; ory_hydra_session=${somebodys(work)}`],
  (work) => ['cookie', `ory_hydra_login_csrf=${somebodys(work)}`],
  (work) => ['cookie', `${CANARY}=${'x'.repeat(work.random.pick([10, 3_000, 7_000]))}`],
  (work) => ['authorization', `Bearer ${somebodys(work)}`],
  (work) => ['authorization', `Basic ${Buffer.from(`${oddText(work.random)}:${CANARY}`).toString('base64')}`],
  () => ['authorization', `Basic !!!${CANARY}`],
  () => ['authorization', `DPoP ${CANARY}.x`],
  () => ['authorization', 'Bearer'],
  () => ['authorization', `Digest username="a", response="${CANARY}"`],
  (work) => ['dpop', twistJwt(work.parties.actor['assertion'] ?? '', somebodys(work), work.random)],
  () => ['host', 'evil.example'],
  () => ['host', 'localhost.evil.example:1'],
  () => ['x-forwarded-host', 'evil.example'],
  () => ['x-forwarded-proto', 'http'],
  () => ['forwarded', 'host=evil.example;proto=http'],
  () => ['x-http-method-override', 'DELETE'],
  () => ['x-original-url', '/admin/clients'],
  () => ['origin', 'https://evil.example'],
  () => ['origin', 'null'],
  () => ['sec-fetch-site', 'cross-site'],
  () => ['accept', 'application/json;q=x, */*'],
  () => ['accept', 'text/html'],
  () => ['accept-language', 'x'.repeat(500)],
  () => ['accept-encoding', 'gzip, br, zstd, x'],
  () => ['content-encoding', 'gzip'],
  () => ['content-type', 'application/json'],
  () => ['content-type', 'application/x-www-form-urlencoded; charset=utf-16'],
  () => ['content-type', 'multipart/form-data; boundary=x'],
  () => ['content-type', 'text/plain'],
  () => ['content-type', ''],
  () => ['range', 'bytes=0-1'],
  () => ['if-none-match', '*'],
  () => ['if-match', '"x"'],
  () => ['cf-connecting-ip', '2001:db8::zz'],
  () => ['cf-connecting-ip', '10.0.0.1, 10.0.0.2'],
  () => ['x-request-id', `a${INJECTED}`],
  (work) => ['x-request-id', 'x'.repeat(work.random.pick([10, 4_000]))],
  () => ['idempotency-key', 'x'],
  () => ['upgrade', 'websocket'],
  () => ['x-odd', '\u00e9\u00ff'],
  () => ['x y', 'z'],
]

const random24 = ({ random }: Work): string => random.pick(['ory_hydra_session', 'ladon', random.word(6), ''])

const PATHS: readonly ((path: string, random: Random) => string)[] = [
  (path) => `/${path}`,
  (path) => `${path}/`,
  (path) => `${path}//`,
  (path) => path.replaceAll('/', '//'),
  (path) => path.toUpperCase(),
  (path) => path.replace('/', '/./'),
  (path) => `/x/..${path}`,
  (path) => `/%2e%2e${path}`,
  (path) => path.replace(/\/(?=[^/]*$)/, '%2f'),
  (path) => `${path};x=y`,
  (path) => `${path}.json`,
  (path) => `${path}%00`,
  (path) => `/admin${path}`,
  (path) => path.replace('/admin', ''),
  (path) => path.replace('/admin', '/Admin'),
  (path) => path.replace('/admin', '/%61dmin'),
  (path) => path.replace('/oauth2', '//oauth2'),
  (path) => `${path}/%ff%fe`,
  (path, random) => `${path}/${encode(oddText(random).slice(0, 300))}`,
  (path, random) =>
    path
      .split('/')
      .slice(0, random.below(4) + 1)
      .join('/') || '/',
]

const CHANGES: readonly Change[] = [
  ...Array.from(
    { length: 6 },
    (): Change => [
      'value',
      (work) =>
        onFields(work, (fields) => {
          const index = at(fields, work.random)
          return fields.map(([name, value], own) =>
            own === index ? [name, otherValue(work, name, value)] : [name, value],
          )
        }),
    ],
  ),
  ['drop', (work) => onFields(work, (fields) => fields.toSpliced(at(fields, work.random), 1))],
  [
    'repeat',
    (work) =>
      onFields(work, (fields) => {
        const [name, value] = fields[at(fields, work.random)] ?? ['x', 'y']
        return [...fields, [name, work.random.chance(0.3) ? value : otherValue(work, name, value)]]
      }),
  ],
  ['stray', (work) => onFields(work, (fields) => [...fields, work.random.pick(STRAY)])],
  [
    'name',
    (work) =>
      onFields(work, (fields) => {
        const index = at(fields, work.random)
        const rename = (name: string): string =>
          work.random.pick([
            name.toUpperCase(),
            `${name}[]`,
            `${name}\u0000`,
            ` ${name}`,
            oddText(work.random),
          ])
        return fields.map(([name, value], own) => (own === index ? [rename(name), value] : [name, value]))
      }),
  ],
  ['empty', (work) => onFields(work, () => [])],
  [
    'elsewhere',
    (work) => {
      if (work.form !== undefined) [work.query, work.form] = [[...work.query, ...work.form], []]
      else if (work.query.length > 0) [work.form, work.query] = [work.query, []]
    },
  ],
  ['encoding', (work) => Object.assign(work, { oddEncoding: true })],
  ['header', (work) => void work.headers.push(work.random.pick(HEADERS)(work))],
  ['header', (work) => void work.headers.push(work.random.pick(HEADERS)(work))],
  [
    'instead of a header',
    (work) => {
      const [name, value] = work.random.pick(HEADERS)(work)
      work.headers = [...work.headers.filter(([own]) => own !== name), [name, value]]
    },
  ],
  [
    'altered header',
    (work) => {
      const index = at(work.headers, work.random)
      work.headers = work.headers.map(([name, value], own) =>
        own === index ? [name, flip(value, work.random)] : [name, value],
      )
    },
  ],
  ['without headers', (work) => Object.assign(work, { headers: [] })],
  [
    'method',
    (work) => {
      const { random } = work
      // A method that deletes goes with no right of an admin, and not to a client's own registration.
      const safe = hasRightKey(work) || work.path.includes('/register')
      work.method = random.pick(safe ? ['GET', 'HEAD', 'OPTIONS', 'TRACE'] : METHODS)
    },
  ],
  [
    'path',
    (work) => {
      if (hasRightKey(work) && work.method !== 'GET') return
      work.path = work.random.pick(PATHS)(work.path, work.random)
    },
  ],
  ['json', spoilJson],
  ['json', spoilJson],
  ['chunked', (work) => Object.assign(work, { chunked: true })],
  [
    'padding',
    (work) =>
      Object.assign(work, { padding: work.random.chance(0.03) ? 1_100_000 : work.random.below(3_000) }),
  ],
]

const ESCAPED = Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte)
  return /[A-Za-z0-9._~-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`
})

/** Escapes every byte that is no letter or digit. */
export const encode = (text: string): string =>
  /^[A-Za-z0-9._~-]*$/.test(text) ? text : [...Buffer.from(text)].map((byte) => ESCAPED[byte]).join('')

const ENCODERS: readonly ((text: string) => string)[] = [
  (text) => encode(text).replaceAll('%20', '+'),
  (text) => encode(encode(text)),
  (text) => encode(text).toLowerCase(),
  (text) => `${encode(text)}%`,
  (text) => `${encode(text)}%ff%fe%c0%80`,
  (text) => `${encode(text)}%ED%A0%80`,
  (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  (text) => text.replaceAll(/[^!-~]|[#&=+%]/g, encode),
]

function rawOf(work: Work): RawRequest {
  const { random, oddEncoding, padding } = work
  const encoder = oddEncoding ? random.pick(ENCODERS) : encode
  const joined = (pairs: readonly Pair[]): string =>
    pairs.map(([name, value]) => `${encode(name)}=${encoder(value)}`).join(random.chance(0.02) ? '&&' : '&')
  const query = joined(work.query)
  const target = `${work.path || '/'}${query === '' ? '' : `?${query}`}`
  const body = bodyOf(work, joined, padding)
  const typed = work.headers.some(([name]) => name === 'content-type')
  const headers: Pair[] = work.headers.map(([name, value]) => [name, value.replace(/[\r\n\0]/g, '')])
  if (work.form !== undefined && !typed) headers.push(['content-type', 'application/x-www-form-urlencoded'])
  if (!headers.some(([name]) => name === 'host')) headers.unshift(['host', 'localhost'])
  const bodiless = work.method === 'TRACE'
  return {
    ...{ method: work.method, target, headers },
    ...{ body: bodiless ? null : body, chunked: work.chunked && body !== null && !bodiless },
  }
}

function bodyOf(work: Work, joined: (pairs: readonly Pair[]) => string, padding: number): Buffer | null {
  const pad =
    padding === 0 ? '' : work.random.chance(0.5) ? 'a=&'.repeat(padding / 3) : `pad=${'x'.repeat(padding)}`
  if (work.form !== undefined)
    return Buffer.from([joined(work.form), pad].filter((text) => text !== '').join('&'))
  if (work.json !== undefined) return Buffer.from(JSON.stringify(work.json) + (pad === '' ? '' : ` ${pad}`))
  return null
}
