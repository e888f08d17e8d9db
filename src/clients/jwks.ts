import { SharedLoad } from '../crypto/shared-load.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { fetchOutbound, outboundAllowed } from '../http/outbound.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { nowMs } from '../util/clock.ts'
import { isJsonObject, type JsonObject, parseJson } from '../util/json.ts'
import { isPublicKey } from './metadata-jwks.ts'
import { invalidClient } from './refusals.ts'

/** Longest use of a fetched set while its source can be asked (design rule 5), and while it cannot, milliseconds. */
const KEEP_MS = 60_000
const STRETCH_MS = 3_600_000

/** Least time between two fetches of one set, milliseconds: an unknown `kid` costs others no more than that. */
const ASK_AGAIN_MS = 5000

const LIMITS = { maxBytes: 128 * 1024, timeoutMs: 3000 }

/** Sets one isolate holds at most, and their total size in bytes. */
const MAX_SETS = 200
const MAX_TOTAL_BYTES = 4 * 1024 * 1024

type Keys = readonly JsonObject[]

/** Key sets at clients' `jwks_uri`, as one isolate knows them. */
class RemoteKeys {
  readonly #rt: Runtime
  readonly #held = new BoundedMap<{ readonly keys: Keys; readonly readAt: number }>(MAX_SETS, MAX_TOTAL_BYTES)
  readonly #loads = new BoundedMap<SharedLoad<Keys>>(MAX_SETS)

  constructor(rt: Runtime) {
    this.#rt = rt
  }

  /** The set, from memory while that may be used. */
  async find(uri: string): Promise<Keys> {
    const held = this.#held.get(uri)
    const age = held === undefined ? Number.POSITIVE_INFINITY : nowMs() - held.readAt
    if (held !== undefined && age < KEEP_MS) return held.keys
    try {
      return await this.fresh(uri)
    } catch (thrown) {
      const unreachable = thrown instanceof OAuthError && thrown.code === 'temporarily_unavailable'
      if (held === undefined || !unreachable || age >= STRETCH_MS) throw thrown
      return held.keys
    }
  }

  /** The set as its source has it, asked at most once in an interval. */
  fresh(uri: string): Promise<Keys> {
    const known = this.#loads.get(uri) ?? new SharedLoad<Keys>(ASK_AGAIN_MS)
    this.#loads.set(uri, known)
    return known.run(() => this.#read(uri))
  }

  async #read(uri: string): Promise<Keys> {
    const readAt = nowMs()
    const body = await fetchSet(this.#rt, uri)
    const keys = parseSet(body)
    if (keys === undefined) throw invalidClient("The client's jwks_uri holds no JWK set.")
    this.#held.set(uri, { keys, readAt }, body.byteLength)
    return keys
  }
}

const remotes = new WeakMap<Runtime, RemoteKeys>()

/**
 * The public keys of a client: those it registered, or those at its `jwks_uri`, which `fresh` asks for anew.
 *
 * @throws `invalid_client` when its `jwks_uri` leads to no JWK set, `temporarily_unavailable` when it cannot be asked
 */
export async function clientKeys(rt: Runtime, { metadata }: ClientRecord, fresh: boolean): Promise<Keys> {
  if (metadata.jwks_uri === '') return metadata.jwks?.keys ?? []
  const remote = remotes.get(rt) ?? new RemoteKeys(rt)
  remotes.set(rt, remote)
  return fresh ? remote.fresh(metadata.jwks_uri) : remote.find(metadata.jwks_uri)
}

async function fetchSet(rt: Runtime, uri: string): Promise<Uint8Array> {
  if (!outboundAllowed(rt.config, new URL(uri)))
    throw invalidClient("The client's jwks_uri is no address this server asks at.")
  const headers = { accept: 'application/jwk-set+json, application/json' }
  const answer = await fetchOutbound(rt.config, uri, { headers }, LIMITS).catch((thrown: unknown) => {
    const reason = thrown instanceof OAuthError ? thrown.hint : ''
    throw new OAuthError('temporarily_unavailable', `The client's jwks_uri cannot be fetched. ${reason}`)
  })
  if (answer.status === 200) return answer.body
  const code = answer.status >= 500 ? 'temporarily_unavailable' : 'invalid_client'
  throw new OAuthError(code, `The client's jwks_uri answers with status ${answer.status}.`)
}

/** The usable keys of a set; those of kinds we do not know are passed over (RFC 7517 section 5). */
function parseSet(body: Uint8Array): Keys | undefined {
  try {
    const set = parseJson(body)
    const keys: unknown = isJsonObject(set) ? set['keys'] : undefined
    return Array.isArray(keys) ? keys.filter((key) => isJsonObject(key) && isPublicKey(key)) : undefined
  } catch {
    return undefined
  }
}
