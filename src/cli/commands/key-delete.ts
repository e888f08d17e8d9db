import { defineCommand } from '../command.ts'
import { each } from '../each.ts'
import { text } from '../flags.ts'
import { idsDone } from './ids.ts'
import { keyPath } from './key-sets.ts'

export const keyDelete = defineCommand({
  name: 'key delete',
  aliases: ['delete jwk', 'delete jwks'],
  about: 'Delete key sets, or one key of a set. What the keys signed is good no longer.',
  operands: { shown: 'SET...', least: 1, most: 100 },
  flags: { kid: text('Only the key of this id.', 'KEY-ID') },
  examples: ['ladon key delete my-set --kid first', 'ladon key delete my-set'],
  async run({ flags, operands, server, terminal }) {
    const reached = server()
    const remove = async (set: string): Promise<string> => {
      await reached.ask(keyPath(set, flags.kid), { method: 'DELETE' })
      return flags.kid ?? set
    }
    return idsDone(await each(operands, terminal, String, remove), 'Deleted')
  },
})
