import { defineCommand, operand } from '../command.ts'
import { credentialFlags, credentialsOf, sendAs } from '../credentials.ts'
import { sentence } from '../output.ts'
import { tokenOf } from './token-introspect.ts'

export const tokenRevoke = defineCommand({
  name: 'token revoke',
  aliases: ['revoke token'],
  about: 'Revoke a token as the client that it was given to; all tokens of its grant end with it (RFC 7009).',
  more: 'Others on this machine can read arguments: "-" takes the token from the standard input.',
  operands: { shown: 'TOKEN', least: 1, most: 1 },
  flags: credentialFlags,
  examples: ['echo "$TOKEN" | ladon token revoke - --client-id my-api'],
  async run(call) {
    const token = await tokenOf(operand(call), call)
    const credentials = await credentialsOf(call)
    await sendAs(call.server(), credentials, { path: '/oauth2/revoke', form: { token } })
    return sentence(token, token, 'If the token was one of this client, it is good no longer.')
  },
})
