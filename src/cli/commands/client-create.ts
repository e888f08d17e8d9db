import { isJsonObject, type JsonObject } from '../../util/json.ts'
import { defineCommand } from '../command.ts'
import { usage } from '../failure.ts'
import { type Flags, text } from '../flags.ts'
import { oneItem } from '../output.ts'
import { createFlags, jsonFrom, membersGiven } from './client-flags.ts'
import { clientId, newClientColumns } from './client-view.ts'

/** What Hydra's command gives a client that flags do not say otherwise. */
const DEFAULTS: JsonObject = {
  grant_types: ['authorization_code'],
  response_types: ['code'],
  token_endpoint_auth_method: 'client_secret_basic',
}

const flags: Flags = { id: text('Its id; made by the server without it.'), ...createFlags }

export const clientCreate = defineCommand({
  name: 'client create',
  aliases: ['create oauth2-client', 'create client'],
  about:
    'Register a client, each member by a flag of Hydra\'s command. "ladon client new" asks what it is instead.',
  more: 'A secret that the server makes is shown this once; not with -q, which prints the id alone.',
  flags,
  examples: [
    'ladon client create --id photos --name Photos --redirect-uri https://photos.example/cb --scope openid,offline',
    'ladon client create --grant-type client_credentials --scope jobs.run --format json | jq -r .client_secret',
  ],
  async run(call) {
    const { flags: given, server } = call
    const file = given['file']
    const read = typeof file === 'string' ? await jsonFrom(file, call) : undefined
    if (file !== undefined && !isJsonObject(read))
      throw usage('--file needs a JSON object, which is the client.')
    const members = isJsonObject(read) ? read : { ...DEFAULTS, ...(await membersGiven(call)) }
    const json = { ...members, ...(typeof given['id'] === 'string' && { client_id: given['id'] }) }
    const made = await server().object('/clients', { json })
    return oneItem(made, clientId(made), newClientColumns)
  },
})
