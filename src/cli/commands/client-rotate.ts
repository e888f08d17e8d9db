import { defineCommand, operand } from '../command.ts'
import { text, toggle } from '../flags.ts'
import { oneItem } from '../output.ts'
import { segment } from '../paths.ts'
import { clientId, newClientColumns } from './client-view.ts'

export const clientRotate = defineCommand({
  name: 'client rotate',
  about:
    'Give a client a new secret, which is shown this once. Its older ones stay good until you forget them.',
  operands: { shown: 'ID', least: 1, most: 1 },
  flags: {
    'expires-at': text('When the new secret ends: seconds since 1970.', 'SECONDS'),
    'forget-old': toggle('Make no new secret, but end the older ones.'),
  },
  examples: ['ladon client rotate my-job', 'ladon client rotate my-job --forget-old'],
  async run(call) {
    const { flags, server } = call
    const path = `/clients/${segment(operand(call))}/secrets/rotate`
    const changed = flags['forget-old']
      ? await server().object(path, { method: 'DELETE' })
      : await server().object(path, {
          method: 'POST',
          query: { client_secret_expires_at: flags['expires-at'] },
        })
    return oneItem(changed, clientId(changed), newClientColumns)
  },
})
