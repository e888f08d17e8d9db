import { defineCommand } from '../command.ts'
import { credentialFlags, credentialsOf, sendAs } from '../credentials.ts'
import { usage } from '../failure.ts'
import { list } from '../flags.ts'
import { showTokens } from './token-view.ts'

export const performClientCredentials = defineCommand({
  name: 'perform client-credentials',
  about: 'Get an access token as a machine does, by a client id and its secret.',
  flags: {
    ...credentialFlags,
    scope: list('What is asked for.', 'SCOPE'),
    audience: list('For whom the token is to be.'),
  },
  examples: ['ladon perform client-credentials --client-id my-api --scope jobs.run'],
  async run(call) {
    const credentials = await credentialsOf(call)
    if (credentials.secret === undefined) throw usage('The secret is missing.', 'Set OAUTH2_CLIENT_SECRET.')
    const { scope, audience } = call.flags
    const form = {
      grant_type: 'client_credentials',
      ...(scope !== undefined && { scope: scope.join(' ') }),
      ...(audience !== undefined && { audience: audience.join(' ') }),
    }
    return showTokens(await sendAs(call.server(), credentials, { path: '/oauth2/token', form }))
  },
})
