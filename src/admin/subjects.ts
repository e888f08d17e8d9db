import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { readAdminQuery } from '../http/form.ts'
import { json } from '../http/json.ts'
import { ownersOf } from '../ledger/owner.ts'
import type { HeldPlace } from '../ledger/types.ts'
import { eraseSubject } from '../logout/erase-subject.ts'
import { nowSeconds } from '../util/clock.ts'
import { isName } from '../util/text.ts'
import { renderBooked } from './grants.ts'
import { readLedger, writeLedger } from './in-turn.ts'
import { linkHeader, openToken, readSize, urlOfPage } from './pagination.ts'
import { viewSubject } from './subject-view.ts'

/** A page ends with the thing that makes it longer than this, in characters of JSON. */
const PAGE_CHARACTERS = 1_000_000

/**
 * GET /admin/subjects/{subject}: what is stored about a subject, from its ledger and on the first page from the grants
 * book, for a person who asks for their data (contract 1.4.8). Pages end by number and by size. A subject of whom nothing is stored has one empty page.
 */
export async function getSubject(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  const { config, envelopes, ledgers } = ctx.rt
  const subject = c.req.param('subject') ?? ''
  const query = readAdminQuery(c.req.url)
  const now = nowSeconds()
  const path = `/admin/subjects/${encodeURIComponent(subject)}`
  const list = { base: config.urls.path, path, filters: {} }
  const token = query.get('page_token')
  const [ledger, place] = readLedger(
    token === undefined ? null : await openToken(envelopes, path, token, now),
  )
  const limit = readSize('page_size', query)
  const input = { after: readPlace(place), limit, size: PAGE_CHARACTERS }
  const owners = ownersOf('subject', subject, config.residency)
  const { held, more } = await ledgers.call(owners[ledger] ?? owners[0], 'listHeld', input)
  const link = (last: string | null): Promise<string> =>
    urlOfPage(envelopes, list, { size: limit, last }, now)
  const first = await link(null)
  const last = more ? held.at(-1) : undefined
  const hasNext = last !== undefined || (ledger + 1 < owners.length && isName(subject))
  const behind = last ? writeLedger(ledger, `${last.kind} ${last.id}`) : writeLedger(ledger + 1, '')
  const links = hasNext ? { first, next: await link(behind) } : { first }
  const isFirst = ledger === 0 && place === null
  const book = isFirst ? { grants_book: (await ctx.rt.book.ofSubject(subject)).map(renderBooked) } : {}
  return json({ subject, ...(await viewSubject(ctx, held)), ...book }, 200, linkHeader(links))
}

/** Reads a place as `getSubject` writes it into page tokens. */
function readPlace(place: string | null): HeldPlace | null {
  const [, kind, id] = /^(session|grant|notice) (.+)$/.exec(place ?? '') ?? []
  return id !== undefined && (kind === 'session' || kind === 'grant' || kind === 'notice')
    ? { kind, id }
    : null
}

/**
 * DELETE /admin/subjects/{subject}: ends everything of a subject and forgets it, whether or not there was anything. The
 * answer has a body only if sessions were damaged: their clients were not told.
 */
export async function deleteSubject(c: Context<AppEnv>): Promise<Response> {
  const untold = await eraseSubject(c.var.ctx, c.req.param('subject') ?? '')
  return untold.length === 0 ? c.body(null, 204) : json({ untold_sessions: untold })
}
