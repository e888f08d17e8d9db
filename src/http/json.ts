/** Headers of an answer that nobody may keep (RFC 6749 section 5.1). */
export const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' } as const

/** Headers of a public document: it may be kept for a minute. */
export const MINUTE = { 'cache-control': 'public, max-age=60' } as const

/** JSON answer of an OAuth endpoint, never cached (media type as contract 0.2 has it). */
export const oauthJson = (body: unknown): Response =>
  json(body, 200, { 'content-type': 'application/json;charset=UTF-8', ...NO_STORE })

/** JSON answer of the admin API and of public documents. */
export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })
}
