import { Parameters, readFormEntries } from './form.ts'

/** The bearer token of a request: from the Authorization header, else the form or query (RFC 6750 section 2). */
export async function bearerToken(request: Request): Promise<string | undefined> {
  const header = /^bearer +([^\s]+)$/i.exec(request.headers.get('authorization') ?? '')
  if (header !== null) return header[1]
  const type = request.headers.get('content-type')
  const isForm = request.method === 'POST' && type !== null && !/json/i.test(type)
  const entries = isForm ? await readFormEntries(request) : []
  return new Parameters([...new URL(request.url).searchParams, ...entries]).get('access_token')
}
