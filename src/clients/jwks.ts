import { OAuthError } from '../errors/oauth-error.ts'
import { fetchOutbound, problemText } from '../http/outbound.ts'
import { isPublicKey, keysOfSet } from '../keys/foreign-keys.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { nowMs } from '../util/clock.ts'
import { type JsonObject, parseJson } from '../util/json.ts'
import { SharedLoad } from '../util/shared-load.ts'

/** Longest use of a fetched set while its source can be asked (design rule 5), and while it cannot, milliseconds. */
const KEEP_MS = 60_000
const STRETCH_MS = 3_600_000

/** Least time between two fetches of one set, milliseconds: an unknown `kid` costs others no more than that. */
const ASK_AGAIN_MS = 5000

/** Sets one isolate holds at most, and their total size in bytes. */
const MAX_SETS = 200
const MAX_TOTAL_BYTES = 4 * 1024 * 1024

type Keys = readonly JsonObject[]

interface RemoteSet {
  readonly load: SharedLoad<Keys>
  readonly keys: Keys
  /** Milliseconds since the epoch; before all time for a set that was never read. */
  readonly readAt: number
}

/** Key sets at clients' `jwks_uri`, as one isolate knows them. */
const remotes = new WeakMap<Runtime['config'], BoundedMap<RemoteSet>>()

/**
 * The public keys of a client: those it registered, or those at its `jwks_uri`, which `fresh` asks for anew, though at
 * most once in an interval. Without it the keys come from memory while that may be used.
 *
 * @throws `invalid_client` when its `jwks_uri` leads to no JWK set, `temporarily_unavailable` when it cannot be asked
 */
export async function clientKeys(rt: Runtime, { metadata }: ClientRecord, fresh: boolean): Promise<Keys> {
  const { jwks_uri: uri, jwks } = metadata
  if (uri === '') return jwks?.keys ?? []
  const sets = remotes.get(rt.config) ?? new BoundedMap(MAX_SETS, MAX_TOTAL_BYTES)
  remotes.set(rt.config, sets)
  const { load, keys, readAt } = sets.get(uri) ?? unread(sets, uri)
  const age = nowMs() - readAt
  if (!fresh && age < KEEP_MS) return keys
  const loaded = load.run(() => readSet(rt, sets, uri, load))
  if (fresh || age >= STRETCH_MS) return loaded
  return loaded.catch((thrown: unknown) => {
    if (thrown instanceof OAuthError && thrown.code === 'temporarily_unavailable') return keys
    throw thrown
  })
}

function unread(sets: BoundedMap<RemoteSet>, uri: string): RemoteSet {
  const set = { load: new SharedLoad<Keys>(ASK_AGAIN_MS), keys: [], readAt: Number.NEGATIVE_INFINITY }
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
  if (problem !== undefined)
    throw unusable('temporarily_unavailable', `cannot be fetched: ${problemText(problem)}`)
  if (answer.status === 200) return answer.body
  const code = answer.status >= 500 ? 'temporarily_unavailable' : 'invalid_client'
  throw unusable(code, `answers with status ${answer.status}`)
}

/** The usable keys of a set; those of kinds we do not know are passed over (RFC 7517 section 5). */
function parseSet(body: Uint8Array): Keys | undefined {
  try {
    return keysOfSet(parseJson(body))?.filter(isPublicKey)
  } catch {
    return undefined
  }
}

const unusable = (code: 'invalid_client' | 'temporarily_unavailable', problem: string): OAuthError =>
  new OAuthError(code, 'client_keys_unusable', { source: 'jwks_uri', problem })
