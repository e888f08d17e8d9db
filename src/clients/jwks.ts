import { OAuthError } from '../errors/oauth-error.ts'
import { as } from '../errors/translate.ts'
import { fetchOutbound, type OutboundProblem, problemText } from '../http/outbound.ts'
import { isPublicKey, keysOfSet } from '../keys/foreign-keys.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { type Milliseconds, milliseconds, nowMs } from '../util/clock.ts'
import { type JsonObject, parseJson } from '../util/json.ts'
import { SharedLoad } from '../util/shared-load.ts'

/** How long a fetched set may be used, in milliseconds (design rule 5). */
const KEEP_MS = 60_000

/** How long it may be used while it cannot be fetched again, in milliseconds. */
const KEEP_UNREACHABLE_MS = 3_600_000

/** Minimum time between two fetches of the same set, in milliseconds: unknown `kid` values cannot cause more. */
const ASK_AGAIN_MS = milliseconds(5000)

/** Maximum number of sets in one isolate, and their total size in bytes. */
const MAX_SETS = 200
const MAX_TOTAL_BYTES = 4 * 1024 * 1024

type Keys = readonly JsonObject[]

interface RemoteSet {
  readonly load: SharedLoad<Keys>
  readonly keys: Keys
  /** Milliseconds since the epoch; negative infinity for a set that was never read. */
  readonly readAt: Milliseconds
}

/** Statuses below 500 that may pass by themselves: a time-out, too early, too many requests. */
const MAY_PASS: ReadonlySet<number> = new Set([408, 425, 429])

/** The sets at clients' `jwks_uri` that this isolate has read. */
const remoteSets = new WeakMap<Runtime['config'], BoundedMap<RemoteSet>>()

/**
 * The public keys of a client: the registered ones, or those at its `jwks_uri`. With `fresh` they are fetched again, at
 * most once in five seconds; otherwise they come from memory while that is allowed.
 *
 * @throws `invalid_client` if there is no JWK set at the `jwks_uri`, or a redirect; `temporarily_unavailable` if its
 *   server does not answer, fails, or asks to wait
 */
export async function clientKeys(rt: Runtime, { metadata }: ClientRecord, fresh: boolean): Promise<Keys> {
  const { jwks_uri: uri, jwks } = metadata
  if (uri === '') return jwks?.keys ?? []
  const sets = remoteSets.get(rt.config) ?? new BoundedMap(MAX_SETS, MAX_TOTAL_BYTES)
  remoteSets.set(rt.config, sets)
  const { load, keys, readAt } = sets.get(uri) ?? unread(sets, uri)
  const now = nowMs()
  // A set from the future was read before the clock was set back, and may be of any age.
  const age = readAt > now ? KEEP_MS : now - readAt
  if (!fresh && age < KEEP_MS) return keys
  const loaded = load.run(() => readSet(rt, sets, uri, load))
  if (fresh || age >= KEEP_UNREACHABLE_MS) return loaded
  return loaded.catch(as({ temporarily_unavailable: () => keys }))
}

function unread(sets: BoundedMap<RemoteSet>, uri: string): RemoteSet {
  const set = {
    load: new SharedLoad<Keys>(ASK_AGAIN_MS),
    keys: [],
    readAt: milliseconds(Number.NEGATIVE_INFINITY),
  }
  sets.set(uri, set)
  return set
}

async function readSet(
  rt: Runtime,
  sets: BoundedMap<RemoteSet>,
  uri: string,
  load: SharedLoad<Keys>,
): Promise<Keys> {
  const readAt = nowMs()
  const body = await fetchSet(rt, uri)
  const keys = parseSet(body)
  if (keys === undefined) throw unusable('invalid_client', 'holds no JWK set')
  sets.set(uri, { load, keys, readAt }, body.byteLength)
  return keys
}

async function fetchSet(rt: Runtime, uri: string): Promise<Uint8Array> {
  const headers = { accept: 'application/jwk-set+json, application/json' }
  const { answer, problem } = await fetchOutbound(rt.config, 'jwks', uri, { headers })
  if (problem === 'address') throw unusable('invalid_client', 'is no address this server asks at')
  if (problem !== undefined) throw unusable(codeOf(problem), `cannot be fetched: ${problemText(problem)}`)
  if (answer.status === 200) return answer.body
  const passes = answer.status >= 500 || MAY_PASS.has(answer.status)
  const code = passes ? 'temporarily_unavailable' : 'invalid_client'
  throw unusable(code, `answers with status ${answer.status}`)
}

/** The error for a problem: only one that may pass by itself is worth another try. */
const codeOf = (problem: OutboundProblem): Failure =>
  problem === 'late' || problem === 'unreachable' ? 'temporarily_unavailable' : 'invalid_client'

/** The usable keys of a set; keys of unknown kinds are ignored (RFC 7517 section 5). */
function parseSet(body: Uint8Array): Keys | undefined {
  try {
    return keysOfSet(parseJson(body))?.filter(isPublicKey)
  } catch {
    return undefined
  }
}

type Failure = 'invalid_client' | 'temporarily_unavailable'

const unusable = (code: Failure, problem: string): OAuthError =>
  new OAuthError(code, 'client_keys_unusable', { source: 'jwks_uri', problem })
