/** JSON answer of an OAuth endpoint, never cached (RFC 6749 section 5.1; media type as contract 0.2 has it). */
export function oauthJson(body: unknown, status = 200): Response {
  const headers = {
    'content-type': 'application/json;charset=UTF-8',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  }
  return new Response(JSON.stringify(body), { status, headers })
}

/** JSON answer of the admin API and of public documents. */
export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })
}
