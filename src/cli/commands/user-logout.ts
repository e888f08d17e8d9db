import { defineCommand, operand } from '../command.ts'
import { toggle } from '../flags.ts'
import { sentence } from '../output.ts'

const STAY =
  'Consents stay, and tokens too unless OAUTH2_REVOKE_TOKENS_ON_LOGOUT is on: --consents ends both.'

export const userLogout = defineCommand({
  name: 'user logout',
  about: 'End all sessions of a user everywhere, and tell their applications.',
  more:
    'Consents stay, and access and refresh tokens too unless OAUTH2_REVOKE_TOKENS_ON_LOGOUT is on: --consents ends both. ' +
    'Applications that keep sessions of their own end them if they registered to be told (backchannel_logout_uri).',
  operands: { shown: 'SUBJECT', least: 1, most: 1 },
  flags: { consents: toggle('End all consents and tokens of the user too. Nothing is erased.') },
  examples: ['ladon user logout alice', 'ladon user logout alice --consents'],
  async run(call) {
    const subject = operand(call)
    const server = call.server()
    const end = (what: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> =>
      server.ask(`/oauth2/auth/sessions/${what}`, { method: 'DELETE', query: { subject, ...query } })
    // A session that is open could consent again.
    await end('login')
    const ended = `All sessions of ${subject} have ended`
    if (!call.flags.consents) return sentence(subject, subject, `${ended}.`, STAY)
    await end('consent', { all: 'true' })
    return sentence(subject, subject, `${ended}, and all consents and tokens.`)
  },
})
