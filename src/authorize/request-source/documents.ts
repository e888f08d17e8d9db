import type { Config } from '../../config/types.ts'
import { freshSeconds } from '../../http/freshness.ts'
import { fetchOutbound } from '../../http/outbound.ts'
import { toBase64url } from '../../util/base64url.ts'
import { BoundedMap } from '../../util/bounded-map.ts'
import { type Milliseconds, msAfter, msOf, nowMs, seconds } from '../../util/clock.ts'
import { sha256 } from '../../util/digest.ts'
import { SharedLoad } from '../../util/shared-load.ts'

/** The largest number of documents in one isolate, and their total size in characters. */
const MAX_DOCUMENTS = 200
const MAX_CHARACTERS = 2 * 1024 * 1024

/** How long a document is used at most, whatever its server says, in seconds. */
const MAX_FRESH_SECONDS = 600

/** How long a document is used whose server says nothing, and how long a failure is remembered, in seconds. */
const BRIEFLY_SECONDS = 1

/** A document, or that it could not be fetched. */
interface Kept {
  readonly text: string | undefined
  /** When it was fetched, and until when it may be used, ms since the epoch. */
  readonly fetchedAt: Milliseconds
  readonly until: Milliseconds
}

interface Documents {
  readonly loads: BoundedMap<SharedLoad<string | undefined>>
  readonly kept: BoundedMap<Kept>
}

const ofConfig = new WeakMap<Config, Documents>()

/**
 * Returns the document at a registered `request_uri`; `undefined` if it cannot be fetched. It is kept as its server says
 * (RFC 9111), because anybody may repeat an authorization request. One that is the very document whose hash its address
 * has as fragment never changes (OIDC Core section 6.2). Requests that need a document at the same time share one fetch.
 */
export async function documentAt(config: Config, uri: string): Promise<string | undefined> {
  const known = ofConfig.get(config)
  const { loads, kept } = known ?? {
    loads: new BoundedMap(MAX_DOCUMENTS),
    kept: new BoundedMap(MAX_DOCUMENTS, MAX_CHARACTERS),
  }
  if (known === undefined) ofConfig.set(config, { loads, kept })
  const document = kept.get(uri)
  const now = nowMs()
  if (document !== undefined && document.fetchedAt <= now && now < document.until) return document.text
  const load = loads.get(uri) ?? new SharedLoad<string | undefined>()
  loads.set(uri, load)
  return load.join(async () => {
    const fetchedAt = nowMs()
    const { text, keep } = await fetchDocument(config, uri)
    const until = msAfter(fetchedAt, msOf(seconds(Math.min(keep, MAX_FRESH_SECONDS))))
    kept.set(uri, { text, fetchedAt, until }, text?.length)
    return text
  })
}

/** Fetches a document, and says how long it may be used, in seconds. */
async function fetchDocument(
  config: Config,
  uri: string,
): Promise<{ readonly text: string | undefined; readonly keep: number }> {
  const { answer } = await fetchOutbound(config, 'request_object', uri)
  if (answer?.status !== 200) return { text: undefined, keep: BRIEFLY_SECONDS }
  const fresh = freshSeconds(answer.headers)
  const isNamed = URL.parse(uri)?.hash === `#${toBase64url(sha256(answer.body))}`
  const keep = isNamed && fresh !== 0 ? MAX_FRESH_SECONDS : (fresh ?? BRIEFLY_SECONDS)
  return { text: new TextDecoder().decode(answer.body).trim(), keep }
}
