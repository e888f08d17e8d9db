import type { RequestBody } from './body.ts'
import { Parameters, queryOf, readEntries, readFormEntries } from './form.ts'

/** The bearer token of an Authorization header (RFC 6750 section 2.1). */
export const bearerOf = (authorization: string | null | undefined): string | undefined =>
  /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]

/**
 * The bearer token of a request: from the Authorization header, else the form or query (RFC 6750 section 2).
 *
 * @param form - the body, where it may be a form
 */
export async function bearerToken(request: Request, form?: RequestBody): Promise<string | undefined> {
  const token = bearerOf(request.headers.get('authorization'))
  if (token !== undefined) return token
  const isForm =
    form !== undefined && request.method === 'POST' && form.type !== null && !/json/i.test(form.type)
  const entries = isForm ? await readFormEntries(form) : []
  return new Parameters([...readEntries(queryOf(request.url)), ...entries]).get('access_token')
}
