import { defineCommand } from '../command.ts'
import { each } from '../each.ts'
import { segment } from '../paths.ts'
import { idsDone } from './ids.ts'

export const clientDelete = defineCommand({
  name: 'client delete',
  aliases: ['delete oauth2-client', 'delete oauth2-clients', 'delete client', 'delete clients'],
  about: 'Delete clients. Their tokens end with them.',
  operands: { shown: 'ID...', least: 1, most: 1000 },
  flags: {},
  examples: ['ladon client delete old-app'],
  async run({ operands, server, terminal }) {
    const reached = server()
    const remove = async (id: string): Promise<string> => {
      await reached.ask(`/clients/${segment(id)}`, { method: 'DELETE' })
      return id
    }
    return idsDone(await each(operands, terminal, String, remove), 'Deleted')
  },
})
