/** The headers of an answer that must not be stored (RFC 6749 section 5.1). */
export const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' } as const

/** The headers of a public document, which may be cached for a minute. */
export const MINUTE = { 'cache-control': 'public, max-age=60' } as const

/** Returns the JSON answer of an OAuth endpoint, which is never cached. Contract 0.2 defines the media type. */
export const oauthJson = (body: unknown): Response =>
  json(body, 200, { 'content-type': 'application/json;charset=UTF-8', ...NO_STORE })

/** Returns a JSON answer of the admin API or a public document. */
export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })
}
