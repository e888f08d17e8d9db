import { defineCommand } from '../command.ts'
import { text } from '../flags.ts'
import { manyItems } from '../output.ts'
import { clientColumns, clientId, nextPage, objectsIn } from './client-view.ts'

export const clientList = defineCommand({
  name: 'client list',
  aliases: ['list oauth2-clients', 'list clients', 'ls oauth2-clients', 'ls clients'],
  about: 'List the clients.',
  flags: {
    'page-size': text('How many at most; 100 without it.', 'NUMBER'),
    'page-token': text('The page that an earlier answer named.'),
    name: text('Only clients of this name.'),
    owner: text('Only clients of this owner.'),
  },
  examples: ['ladon client list', "ladon client list --format json | jq -r '.items[].client_id'"],
  async run({ flags, server }) {
    const { json, headers } = await server().answered('/clients', {
      query: {
        page_size: flags['page-size'] ?? '100',
        page_token: flags['page-token'],
        client_name: flags.name,
        owner: flags.owner,
      },
    })
    const items = objectsIn(json)
    const next = nextPage(headers.get('link') ?? '')
    const data = { items, next_page_token: next, is_last_page: next === '' }
    const listed = manyItems(items, clientId, clientColumns, data)
    return next === '' ? listed : { ...listed, lines: [...listed.lines, '', `More: --page-token ${next}`] }
  },
})
