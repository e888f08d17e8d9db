/** The headers of an answer that must not be stored (RFC 6749 section 5.1). */
export const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' } as const

/**
 * The headers of a public document. A cache has it for a minute at most: half of it fresh, and half while it asks again,
 * or in vain. Cloudflare's would have it for ever while we fail, with a key that leaked and was deleted in it, if nothing
 * were said of that (https://developers.cloudflare.com/workers/cache/configuration/).
 * Cloudflare's and the client's, one behind the other, so have it for two, and a copy of ours is a minute old: within the
 * four minutes for which a key is published before it signs, everybody has seen it (design section 5).
 */
export const MINUTE = {
  'cache-control': 'public, max-age=30, stale-while-revalidate=30, stale-if-error=30',
} as const

/** Returns the JSON answer of an OAuth endpoint, which is never cached. Contract 0.2 defines the media type. */
export const oauthJson = (body: unknown): Response => new Response(JSON.stringify(body), UNCACHED_JSON)

/** Made once, like those of `UNCACHED_JSON`: the runtime takes longer to read names and values. */
const DOCUMENT = { headers: new Headers({ 'content-type': 'application/json; charset=utf-8', ...MINUTE }) }

const UNCACHED_JSON = {
  headers: new Headers({ 'content-type': 'application/json;charset=UTF-8', ...NO_STORE }),
}

/** Returns a JSON answer of the admin API or a public document. */
export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })

/** Returns a public document whose JSON is there already. */
export const publicDocument = (text: string): Response => new Response(text, DOCUMENT)
