import { defineCommand, operand } from '../command.ts'
import { refused, usage } from '../failure.ts'
import { toggle } from '../flags.ts'
import { sentence } from '../output.ts'
import { segment } from '../paths.ts'
import { plain } from '../plain.ts'

export const userForget = defineCommand({
  name: 'user forget',
  about:
    'End all sessions, consents and tokens of a user and erase what is stored of them. It cannot be undone.',
  operands: { shown: 'SUBJECT', least: 1, most: 1 },
  flags: { yes: toggle('Do not ask.') },
  examples: ['ladon user forget alice --yes'],
  async run(call) {
    const { flags, server, terminal } = call
    const subject = operand(call)
    const path = `/subjects/${segment(subject)}`
    const reached = server()
    if (!flags.yes) {
      if (!terminal.interactive)
        throw usage('This cannot be undone.', 'Where nobody can be asked, --yes says that it is meant.')
      const again = await terminal.ask(
        `This cannot be undone. Type the subject again to erase ${plain(subject)}: `,
      )
      if (again !== subject) throw refused('Nothing was erased: that was another subject.')
    }
    await reached.ask(path, { method: 'DELETE' })
    return sentence(subject, subject, `${subject} is forgotten.`)
  },
})
