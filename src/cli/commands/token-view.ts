import type { JsonObject } from '../../util/json.ts'
import { type Column, oneItem, type Result } from '../output.ts'
import { textOf } from './client-view.ts'

const columns: readonly Column<JsonObject>[] = [
  ['ACCESS TOKEN', (token) => token['access_token']],
  ['REFRESH TOKEN', (token) => token['refresh_token'] ?? '<empty>'],
  ['ID TOKEN', (token) => token['id_token'] ?? '<empty>'],
  ['SCOPE', (token) => token['scope']],
  ['EXPIRY', (token) => token['expiry']],
]

/** Shows the answer of the token endpoint, with the time at which the access token ends. */
export function showTokens(answer: JsonObject): Result {
  const seconds = answer['expires_in']
  const expiry = typeof seconds === 'number' && {
    expiry: new Date(Date.now() + seconds * 1000).toISOString(),
  }
  const tokens = { ...answer, ...expiry }
  return oneItem(tokens, textOf(answer['access_token']), columns)
}
