import type { RequestBody } from './body.ts'
import { Parameters, queryOf, readEntries, readFormEntries } from './form.ts'

/**
 * Returns the token of an Authorization header with this scheme, compared without case; `undefined` if the header has
 * another scheme, or not exactly one word after it (RFC 9110 section 11.4).
 */
export function tokenOfScheme(authorization: string | null | undefined, scheme: string): string | undefined {
  const [, given = '', token] = /^(\S+) +(\S+)$/.exec(authorization ?? '') ?? []
  return given.toLowerCase() === scheme.toLowerCase() ? token : undefined
}

/** Returns the bearer token of an Authorization header (RFC 6750 section 2.1). */
export const bearerOf = (authorization: string | null | undefined): string | undefined =>
  tokenOfScheme(authorization, 'Bearer')

/**
 * Returns the bearer token of a request: from the Authorization header, else the form or query (RFC 6750 section 2).
 *
 * @param form - the body, if the endpoint takes a form
 */
export async function bearerToken(request: Request, form?: RequestBody): Promise<string | undefined> {
  const token = bearerOf(request.headers.get('authorization'))
  if (token !== undefined) return token
  const isForm =
    form !== undefined && request.method === 'POST' && form.type !== null && !/json/i.test(form.type)
  const entries = isForm ? await readFormEntries(form) : []
  return new Parameters([...readEntries(queryOf(request.url)), ...entries]).get('access_token')
}
