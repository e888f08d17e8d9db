import { defineCommand, operand } from '../command.ts'
import { text, toggle } from '../flags.ts'
import { keyPath } from './key-sets.ts'
import { keysOf, publicKey, showKeys } from './key-view.ts'

export const keyNew = defineCommand({
  name: 'key new',
  aliases: ['create jwk', 'create jwks'],
  about: 'Make a key in a set.',
  more: 'In a set that the server signs with, it is published first and signs after four minutes.',
  operands: { shown: 'SET [KEY-ID]', least: 1, most: 2 },
  flags: {
    alg: text('RS256 (without it), PS256, ES256, EdDSA and others.', 'ALG'),
    use: text('sig; the server makes no keys for encryption.'),
    public: toggle('Leave private members out.'),
  },
  examples: ['ladon key new my-set', 'ladon key new my-set first --alg ES256 --public --format json'],
  async run(call) {
    const { flags, operands, server } = call
    const set = operand(call)
    const json = { alg: flags.alg ?? 'RS256', use: flags.use ?? 'sig', kid: operands[1] ?? '' }
    const made = keysOf(set, await server().object(keyPath(set), { json }))
    return showKeys(flags.public ? made.map(publicKey) : made, set, true)
  },
})
