import { isJsonObject, type JsonObject } from '../../util/json.ts'
import { defineCommand, operand } from '../command.ts'
import { type Column, manyItems, type Result } from '../output.ts'
import { segment } from '../paths.ts'
import { plain } from '../plain.ts'
import type { Server } from '../server.ts'
import { nextPage, objectsIn, textOf } from './client-view.ts'

/** What the server lists of a subject, page by page. */
const LISTS = ['sessions', 'consents', 'notices', 'clients', 'grants_book'] as const

const sessionColumns: readonly Column<JsonObject>[] = [
  ['SESSION', (session) => session['sid']],
  ['LOGGED IN', (session) => session['authenticated_at']],
  ['LAST USED', (session) => session['last_used_at']],
  ['ACTIVE', (session) => session['active']],
  ['ENDS', (session) => session['expires_at']],
]

const consentColumns: readonly Column<JsonObject>[] = [
  ['CONSENT', (consent) => consent['consent_request_id']],
  ['CLIENT ID', (consent) => consent['client_id']],
  ['SCOPE', (consent) => consent['grant_scope']],
  ['GIVEN', (consent) => consent['handled_at']],
  ['ACTIVE', (consent) => consent['active']],
]

export const user = defineCommand({
  name: 'user',
  about: 'Show the sessions, consents and applications of a user.',
  more: 'With --format json it is all that is stored of them. For users called "logout" or "forget": ladon user -- logout',
  operands: { shown: 'SUBJECT', least: 1, most: 1 },
  flags: {},
  examples: ['ladon user alice', 'ladon user alice --format json'],
  async run(call) {
    const subject = operand(call)
    const data = await everythingOf(call.server(), subject)
    const sessions = objectsIn(data['sessions'])
    const consents = objectsIn(data['consents'])
    const part = (title: string, { lines }: Result, count: number): readonly string[] =>
      count === 0 ? [`${title}: none`] : [`${title}:`, ...lines.map((line) => `  ${line}`)]
    const shownSessions = manyItems(sessions, (session) => textOf(session['sid']), sessionColumns)
    return {
      data,
      ids: shownSessions.ids,
      lines: [
        `User ${plain(subject)}`,
        ...part('Sessions', shownSessions, sessions.length),
        ...part(
          'Consents',
          manyItems(consents, (consent) => textOf(consent['consent_request_id']), consentColumns),
          consents.length,
        ),
      ],
    }
  },
})

/** The most pages that are read: enough for any person. */
const MOST_PAGES = 1000

async function everythingOf(server: Server, subject: string): Promise<JsonObject> {
  const all: Record<string, JsonObject[]> = Object.fromEntries(LISTS.map((name) => [name, []]))
  let token: string | undefined
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const path = `/subjects/${segment(subject)}`
    const { json, headers } = await server.answered(path, { query: { page_token: token } })
    if (isJsonObject(json)) for (const name of LISTS) all[name]?.push(...objectsIn(json[name]))
    token = nextPage(headers.get('link') ?? '')
    if (token === '') break
  }
  return { subject, ...all }
}
