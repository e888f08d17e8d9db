import type { JsonObject } from '../../util/json.ts'
import { defineCommand } from '../command.ts'
import { text } from '../flags.ts'
import { textOf } from './client-view.ts'
import { keyPath, OWN_SETS } from './key-sets.ts'
import { keysOf, publicKey, showKeys } from './key-view.ts'

const NEXT =
  'Published now; it signs in four minutes. The old one goes by itself: delete it only if it leaked.'

export const keyRotate = defineCommand({
  name: 'key rotate',
  about:
    'Make the next signing key of a set, of the same algorithm; without a set, of both that the server signs with.',
  more:
    'It is published at once and signs after four minutes. The old key goes by itself when what it signed has expired: ' +
    'delete it only if it leaked. The server does this every 90 days (SIGNING_KEY_ROTATION).',
  operands: { shown: '[SET...]', least: 0, most: 10 },
  flags: { alg: text('Another algorithm.', 'ALG') },
  examples: ['ladon key rotate', 'ladon key rotate hydra.openid.id-token --alg ES256'],
  async run({ flags, operands, server }) {
    const reached = server()
    const sets = operands.length === 0 ? OWN_SETS : operands
    const made: JsonObject[] = []
    for (const set of sets) {
      const [newest] = keysOf(set, await reached.object(keyPath(set)))
      const alg = flags.alg ?? (textOf(newest?.['alg']) || 'RS256')
      made.push(...keysOf(set, await reached.object(keyPath(set), { json: { alg, use: 'sig' } })))
    }
    const { lines, ...shown } = showKeys(made.map(publicKey), sets.length === 1 ? sets[0] : undefined)
    const next = OWN_SETS.some((set) => sets.includes(set)) ? ['', NEXT] : []
    return { ...shown, lines: [...lines, ...next] }
  },
})
