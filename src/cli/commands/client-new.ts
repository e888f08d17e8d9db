import type { JsonObject } from '../../util/json.ts'
import { defineCommand } from '../command.ts'
import { usage } from '../failure.ts'
import { list, text, toggle } from '../flags.ts'
import { oneItem } from '../output.ts'
import type { Terminal } from '../terminal.ts'
import { codeFor } from './client-code.ts'
import { CLIENT_KINDS, type ClientKind, type Question } from './client-kinds.ts'
import { clientId, newClientColumns, textOf } from './client-view.ts'

const KINDS = CLIENT_KINDS.map(({ name }) => name).join(', ')

/** What is asked for a flag that is not there. */
const QUESTIONS: Readonly<Record<Question, (kind: ClientKind) => string>> = {
  'redirect-uri': ({ redirect = '' }) =>
    `Where does the user come back to after the login? (like ${redirect}) `,
  'post-logout-callback': () => 'Where may the user come to after a logout? (none is fine) ',
  scope: () => 'Which scopes may it ask for? (with spaces; none is fine) ',
  audience: ({ name }) =>
    name === 'mcp'
      ? 'What is the address of the MCP server? '
      : 'Which APIs are its tokens for? (none is fine) ',
}

export const clientNew = defineCommand({
  name: 'client new',
  about: 'Register an application: asks what it is, chooses the rest, and prints code that is ready to use.',
  more: 'Flags answer the questions beforehand; where nobody can be asked, the missing ones are named. -q prints the id alone, and no secret.',
  flags: {
    kind: text(`What it is: ${KINDS}.`, 'KIND'),
    name: text('What people are shown.'),
    id: text('Its id; made by the server without it.'),
    'redirect-uri': list('Where users come back to.', 'URI'),
    scope: list('What it may ask for.', 'SCOPE'),
    audience: list('For whom its tokens may be: addresses of APIs, or of an MCP server.'),
    'post-logout-callback': list('Where users come to after a logout.', 'URI'),
    'skip-consent': toggle('Ask nobody for consent: for applications of your own.'),
  },
  examples: [
    'ladon client new --kind web --name Photos --redirect-uri https://photos.example/callback',
    "ladon client new --kind machine --name Jobs --scope jobs.run --format json | jq -r '.client_id, .client_secret'",
  ],
  async run({ flags, server, terminal }) {
    const reached = server()
    const kind = kindNamed(flags.kind ?? (await askKind(terminal)))
    const name = flags.name ?? (await ask(terminal, 'name', 'What is it called? '))
    const answers = await answersOf(kind, flags, terminal)
    const json: JsonObject = {
      client_name: name,
      ...kind.members,
      ...(flags.id !== undefined && { client_id: flags.id }),
      scope: (answers.scope ?? [kind.scope]).join(' '),
      redirect_uris: answers['redirect-uri'] ?? [],
      audience: answers.audience ?? [],
      post_logout_redirect_uris: answers['post-logout-callback'] ?? [],
      ...(flags['skip-consent'] && { skip_consent: true }),
      ...(kind.name === 'spa' && { allowed_cors_origins: originsOf(answers['redirect-uri'] ?? []) }),
    }
    const made = await reached.object('/clients', { json })
    const shown = oneItem(made, clientId(made), newClientColumns)
    const secret = textOf(made['client_secret']) === '' ? [] : ['', SECRET_ONCE]
    return { ...shown, lines: [...shown.lines, ...secret, '', ...codeFor(kind.name, reached.base, made)] }
  },
})

const SECRET_ONCE = 'Keep the secret now, as CLIENT_SECRET for the code below: it is not shown again.'

type Answers = Readonly<Partial<Record<Question, readonly string[] | undefined>>>

async function answersOf(kind: ClientKind, given: Answers, terminal: Terminal): Promise<Answers> {
  const answers: Partial<Record<Question, readonly string[] | undefined>> = { ...given }
  for (const question of kind.questions) {
    if (answers[question] !== undefined || (question !== 'redirect-uri' && !terminal.interactive)) continue
    const words = (await ask(terminal, question, QUESTIONS[question](kind))).split(/[\s,]+/).filter(Boolean)
    if (words.length > 0) answers[question] = words
  }
  return answers
}

async function askKind(terminal: Terminal): Promise<string> {
  if (terminal.interactive)
    for (const [at, { name, about }] of CLIENT_KINDS.entries())
      terminal.err(`  ${at + 1}  ${name.padEnd(9)}${about}`)
  return ask(terminal, 'kind', 'What is it? ')
}

async function ask(terminal: Terminal, flag: string, question: string): Promise<string> {
  if (!terminal.interactive) throw usage(`--${flag} is missing, and nobody is there to be asked.`)
  return terminal.ask(question)
}

function kindNamed(answer: string): ClientKind {
  const kind = CLIENT_KINDS.find(({ name }, at) => name === answer.toLowerCase() || String(at + 1) === answer)
  if (kind === undefined) throw usage(`The kind is one of ${KINDS}.`)
  return kind
}

/** The origins of the pages, which call the server from the browser. */
const originsOf = (redirects: readonly string[]): readonly string[] => [
  ...new Set(
    redirects.filter((uri) => /^https?:/.test(uri) && URL.canParse(uri)).map((uri) => new URL(uri).origin),
  ),
]
