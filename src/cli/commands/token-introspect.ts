import type { JsonObject } from '../../util/json.ts'
import { defineCommand, operand } from '../command.ts'
import { requirePrivate } from '../confidential.ts'
import { list } from '../flags.ts'
import { type Column, oneItem } from '../output.ts'
import { textFrom } from './client-flags.ts'

const at = (value: unknown): string => (typeof value === 'number' ? new Date(value * 1000).toISOString() : '')

const columns: readonly Column<JsonObject>[] = [
  ['ACTIVE', (token) => token['active']],
  ['SUBJECT', (token) => token['sub']],
  ['CLIENT ID', (token) => token['client_id']],
  ['SCOPE', (token) => token['scope']],
  ['AUDIENCE', (token) => token['aud']],
  ['EXPIRY', (token) => at(token['exp'])],
  ['TOKEN USE', (token) => token['token_use']],
]

export const tokenIntrospect = defineCommand({
  name: 'token introspect',
  aliases: ['introspect token'],
  about: 'Say whether a token is active, and for whom and what it is.',
  more: 'Others on this machine can read arguments: "-" takes the token from the standard input.',
  operands: { shown: 'TOKEN', least: 1, most: 1 },
  flags: { scope: list('Active only if it has these scopes.', 'SCOPE') },
  examples: ['ladon token introspect "$TOKEN"', 'echo "$TOKEN" | ladon token introspect - --format json'],
  async run(call) {
    const token = await tokenOf(operand(call), call)
    const form = { token, ...(call.flags.scope !== undefined && { scope: call.flags.scope.join(' ') }) }
    const server = call.server()
    requirePrivate(new URL(server.base), 'A token is')
    const said = await server.object('/oauth2/introspect', { form, isQuestion: true })
    // As with Hydra's command, -q answers the question.
    return oneItem(said, String(said['active'] === true), columns)
  },
})

/** Returns the token that is given, or for `-` that of the standard input. */
export const tokenOf = async (given: string, call: Parameters<typeof textFrom>[1]): Promise<string> =>
  given === '-' ? (await textFrom('-', call)).trim() : given
