import { isJsonObject, type JsonObject } from '../../util/json.ts'
import { refused } from '../failure.ts'
import type { Column } from '../output.ts'

/** What tables show of a client. */
export const clientColumns: readonly Column<JsonObject>[] = [
  ['CLIENT ID', (client) => client['client_id']],
  ['NAME', (client) => client['client_name']],
  ['GRANT TYPES', (client) => client['grant_types']],
  ['AUTHENTICATION', (client) => client['token_endpoint_auth_method']],
  ['SCOPE', (client) => client['scope']],
  ['AUDIENCE', (client) => client['audience']],
  ['REDIRECT URIS', (client) => client['redirect_uris']],
]

/** What is shown of a client that may have got a secret, which is shown this once. */
export const newClientColumns: readonly Column<JsonObject>[] = clientColumns.toSpliced(1, 0, [
  'CLIENT SECRET',
  (client) => client['client_secret'],
])

/** Returns the id of a client. */
export const clientId = (client: JsonObject): string => textOf(client['client_id'])

/** Returns a text, or the empty one for anything else. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Returns the objects of a JSON list. */
export const objectsIn = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : []

/**
 * Returns the page token of the link to the next page; empty on the last page (RFC 8288). Throws CliFailure for one that
 * no shell could be given as it is.
 */
export function nextPage(link: string): string {
  const [, target = ''] = /<([^<>]*)>\s*;\s*rel="?next"?/.exec(link) ?? []
  const token = new URLSearchParams(target.slice(target.indexOf('?') + 1)).get('page_token') ?? ''
  if (!/^[\w.~-]*$/.test(token)) throw refused('The server names a next page by what is no page token.')
  return token
}
