import { defineCommand, operand } from '../command.ts'
import { sentence } from '../output.ts'

export const userLogout = defineCommand({
  name: 'user logout',
  about: 'End all sessions of a user everywhere, and tell their applications. Consents stay.',
  operands: { shown: 'SUBJECT', least: 1, most: 1 },
  flags: {},
  examples: ['ladon user logout alice'],
  async run(call) {
    const subject = operand(call)
    await call.server().ask('/oauth2/auth/sessions/login', { method: 'DELETE', query: { subject } })
    return sentence(subject, subject, `All sessions of ${subject} have ended.`)
  },
})
