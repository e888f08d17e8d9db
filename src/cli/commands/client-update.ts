import { isJsonObject } from '../../util/json.ts'
import { defineCommand, operand } from '../command.ts'
import { usage } from '../failure.ts'
import { oneItem } from '../output.ts'
import { segment } from '../paths.ts'
import { changeFlags, jsonFrom, membersGiven } from './client-flags.ts'
import { clientId, newClientColumns } from './client-view.ts'

export const clientUpdate = defineCommand({
  name: 'client update',
  aliases: ['update oauth2-client', 'update client'],
  about: 'Change what flags name of a client, or put a file in its place.',
  more: 'What no flag names stays as it is. A list is put in place of the old one, so name all of it: with commas, or by the flag several times.',
  operands: { shown: 'ID', least: 1, most: 1 },
  flags: changeFlags,
  examples: [
    'ladon client update my-app --redirect-uri https://app.example/cb,https://staging.example/cb',
    'ladon client get my-app --format json | ladon client update my-app --file -',
  ],
  async run(call) {
    const { flags, server } = call
    const path = `/clients/${segment(operand(call))}`
    const file = flags['file']
    if (typeof file === 'string') {
      const json = await jsonFrom(file, call)
      if (!isJsonObject(json)) throw usage('--file needs a JSON object, which is the client.')
      const put = await server().object(path, { method: 'PUT', json })
      return oneItem(put, clientId(put), newClientColumns)
    }
    const changes = Object.entries(await membersGiven(call))
    if (changes.length === 0)
      throw usage('No flag says what to change.', '"ladon client update --help" lists them.')
    // Another value of a member is `replace`, but of one that may be missing `add`, which does both (RFC 6902 section 4.1).
    const json = changes.map(([member, value]) => ({ op: 'add', path: `/${member}`, value }))
    const changed = await server().object(path, { method: 'PATCH', json })
    return oneItem(changed, clientId(changed), newClientColumns)
  },
})
