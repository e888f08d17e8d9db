import type { JsonObject } from '../../util/json.ts'
import { defineCommand } from '../command.ts'
import { manyItems, oneItem } from '../output.ts'
import { segment } from '../paths.ts'
import { clientColumns, clientId } from './client-view.ts'

export const clientGet = defineCommand({
  name: 'client get',
  aliases: ['get oauth2-client', 'get oauth2-clients', 'get client', 'get clients'],
  about: 'Show clients.',
  operands: { shown: 'ID...', least: 1, most: 100 },
  flags: {},
  examples: ['ladon client get my-app', "ladon client get my-app --format json | jq -r '.redirect_uris[]'"],
  async run({ operands, server }) {
    const reached = server()
    const clients: JsonObject[] = []
    for (const id of operands) clients.push(await reached.object(`/clients/${segment(id)}`))
    const [only] = clients
    return only !== undefined && clients.length === 1
      ? oneItem(only, clientId(only), clientColumns)
      : manyItems(clients, clientId, clientColumns)
  },
})
