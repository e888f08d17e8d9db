import { defineCommand, operand } from '../command.ts'
import { sentence } from '../output.ts'

export const tokensDelete = defineCommand({
  name: 'token delete',
  aliases: ['delete access-tokens'],
  about: 'End all access tokens of a client.',
  operands: { shown: 'CLIENT-ID', least: 1, most: 1 },
  flags: {},
  examples: ['ladon token delete my-api'],
  async run(call) {
    const id = operand(call)
    await call.server().ask('/oauth2/tokens', { method: 'DELETE', query: { client_id: id } })
    return sentence(id, id, `The access tokens of ${id} have ended.`)
  },
})
