import { isJsonObject, type JsonObject } from '../../util/json.ts'
import { defineCommand } from '../command.ts'
import { each } from '../each.ts'
import { usage } from '../failure.ts'
import { manyItems, oneItem } from '../output.ts'
import { plain } from '../plain.ts'
import { jsonFrom } from './client-flags.ts'
import { clientId, newClientColumns, objectsIn, textOf } from './client-view.ts'

export const clientImport = defineCommand({
  name: 'client import',
  aliases: ['import oauth2-client', 'import oauth2-clients', 'import client', 'import clients'],
  about:
    'Register the clients of JSON files: each a client, a list of them, or what "client list --format json" wrote.',
  more: 'Clients that are there already are refused, and the others registered. Where a list has further pages it warns. Without a file the standard input is read.',
  operands: { shown: '[FILE...]', least: 0, most: 100 },
  flags: {},
  examples: ['ladon client import clients.json', 'cat clients.json | ladon client import --format json'],
  async run(call) {
    const { operands, server, terminal } = call
    const clients: JsonObject[] = []
    const rests: string[] = []
    for (const file of operands.length === 0 ? ['-'] : operands) {
      const read = await jsonFrom(file, call)
      clients.push(...clientsIn(read))
      rests.push(restOf(read))
    }
    // Where one of them is the last page, the others are those before it.
    const rest = rests.every((token) => token !== '') ? rests.at(-1) : ''
    if (rest)
      terminal.err(plain(`Warning: ${NOT_ALL} "ladon client list --page-token ${rest}" has the next.`))
    const reached = server()
    const { done, exitCode } = await each(
      clients,
      terminal,
      (client) => clientId(client) || textOf(client['client_name']) || 'a client',
      (json) => reached.object('/clients', { json }),
    )
    const [only] = done
    const result =
      only !== undefined && done.length === 1
        ? oneItem(only, clientId(only), newClientColumns)
        : manyItems(done, clientId, newClientColumns)
    return exitCode === 0 ? result : { ...result, exitCode }
  },
})

const NOT_ALL = 'What was read is only a page of a list of clients, and there are more of them.'

/** The token of the page that comes behind a page of a list; empty for the last one, and for what is none. */
const restOf = (read: unknown): string =>
  isJsonObject(read) && Array.isArray(read['items']) ? textOf(read['next_page_token']) : ''

function clientsIn(read: unknown): readonly JsonObject[] {
  const [only] = objectsIn([read])
  const clients =
    only === undefined ? objectsIn(read) : Array.isArray(only['items']) ? objectsIn(only['items']) : [only]
  if (clients.length === 0)
    throw usage('There is no client in what was read: a JSON object, or a list of them.')
  return clients
}
