import { isJsonObject, type JsonObject } from '../../util/json.ts'
import { defineCommand, operand } from '../command.ts'
import { requirePrivate } from '../confidential.ts'
import { usage } from '../failure.ts'
import { type Column, oneItem, type Result } from '../output.ts'
import { plain } from '../plain.ts'
import { objectsIn, textOf } from './client-view.ts'

export const explain = defineCommand({
  name: 'explain',
  about: 'Say what a token, code, challenge, verifier or authorization URL is, and what has become of it.',
  more: 'Also of a dead one, as long as its row is there, and of the address of the error page. Ends with 1 if it is not good. "-" reads it from the standard input, so that a token does not stay in the history of your shell. The key needs scope explain.',
  operands: { shown: 'TEXT|-', least: 1, most: 1 },
  flags: {},
  examples: [
    'ladon explain "https://login.example/oauth2/auth?client_id=my-app&response_type=code"',
    'printf %s "$TOKEN" | ladon explain -',
  ],
  async run(call) {
    const given = operand(call)
    const text = (given === '-' ? await call.terminal.input() : given).trim()
    if (text === '') throw usage('There is nothing to explain.', 'Give a token, code, challenge or URL.')
    const server = call.server()
    requirePrivate(new URL(server.base), 'What is to be explained is')
    const told = await server.object('/explain', { json: { text }, isQuestion: true })
    return shown(told)
  },
})

/** What the table shows of every text, where the answer has it. */
const COLUMNS: readonly Column<JsonObject>[] = [
  ['KIND', (told) => told['kind']],
  ['STATE', (told) => told['state']],
  ['CAUSE', (told) => told['cause']],
  ['FIX', (told) => told['fix']],
  ['ENDED BY', (told) => told['ended_by']],
  ['ENDED AT', (told) => told['ended_at']],
  ['CLIENT', (told) => clientOf(told['client'])],
  ['SUBJECT', (told) => told['subject']],
  ['SESSION', (told) => (isJsonObject(told['login_session']) ? told['login_session']['sid'] : undefined)],
  ['CONSENT', (told) => told['consent_request_id']],
  ['SCOPE', (told) => told['scope'] ?? told['requested_scope']],
  ['AUDIENCE', (told) => told['audience'] ?? told['requested_audience']],
  ['ISSUER', (told) => told['issuer']],
  ['REQUEST', (told) => told['request_id']],
  ['ISSUED', (told) => told['issued_at']],
  ['EXPIRES', (told) => told['expires_at']],
]

function shown(told: JsonObject): Result {
  const columns = COLUMNS.filter(([, cell]) => cell(told) !== undefined)
  const { lines, ...result } = oneItem(told, textOf(told['state']), columns)
  const checks = objectsIn(told['checks']).flatMap(linesOf)
  const isGood = ['active', 'pending'].includes(textOf(told['state']))
  return {
    ...result,
    lines: checks.length === 0 ? lines : [...lines, '', ...checks],
    ...(!isGood && { exitCode: 1 }),
  }
}

/** A client: its id and name, and whether it is there. */
function clientOf(client: unknown): string | undefined {
  if (!isJsonObject(client)) return undefined
  const { client_id: id, client_name: name, exists, is_the_same: same } = client
  const gone = exists === false ? 'there is none' : same === false ? 'another one has this id now' : ''
  return [textOf(id), ...[textOf(name), gone].filter((part) => part !== '').map((part) => `(${part})`)].join(
    ' ',
  )
}

const MARKS: Readonly<Record<string, string>> = {
  passed: 'passed ',
  failed: 'FAILED ',
  not_reached: '-      ',
}

/** The lines of one check of a request: what it is about, and if it failed why and what to do. */
function linesOf(check: JsonObject): readonly string[] {
  const told = ['cause', 'fix'].map((name) => textOf(check[name])).filter((text) => text !== '')
  const near = textOf(check['nearest'])
  const mark = MARKS[textOf(check['outcome'])] ?? ''
  return [
    `${mark} ${plain(textOf(check['check']))}`,
    ...[...told, ...(near === '' ? [] : [`Registered is ${near}`])].map((text) => `          ${plain(text)}`),
  ]
}
