import type { JsonObject } from '../../util/json.ts'
import { defineCommand } from '../command.ts'
import { toggle } from '../flags.ts'
import { keyPath, OWN_SETS } from './key-sets.ts'
import { keysOf, publicKey, showKeys } from './key-view.ts'

export const keyList = defineCommand({
  name: 'key list',
  aliases: ['get jwk', 'get jwks', 'key get'],
  about: 'Show the keys of key sets; without one, of the two that the server signs with.',
  more: 'The newest comes first, and signs once it is four minutes old. A key of scope "all" gets private members too: --public leaves them out.',
  operands: { shown: '[SET...]', least: 0, most: 100 },
  flags: { public: toggle('Leave private members out.') },
  examples: ['ladon key list', 'ladon key list hydra.openid.id-token --public --format json'],
  async run({ flags, operands, server }) {
    const reached = server()
    const sets = operands.length === 0 ? OWN_SETS : operands
    const keys: JsonObject[] = []
    for (const set of sets) keys.push(...keysOf(set, await reached.object(keyPath(set))))
    return showKeys(flags.public ? keys.map(publicKey) : keys, sets.length === 1 ? sets[0] : undefined)
  },
})
