import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { readAdminQuery } from '../http/form.ts'
import type { BookPlace } from '../store/grants-book.ts'
import type { BookedGrant } from '../store/types.ts'
import { clientIdOf } from '../util/ids.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { readFilter } from './filters.ts'
import { respondWithPage } from './pagination.ts'

const PATH = '/admin/grants'

/** Parts a subject and a client in a page token: neither has control characters. */
const SEPARATOR = '\u0000'

/**
 * GET /admin/grants: who granted something to a client, to which clients a subject did, or all of both, from the grants
 * book, in the order of subject and client (contract 1.4.11). It is what was written down: no request is decided by it.
 *
 * @throws `resource_not_found` where no book is kept, `malformed_body` for an empty filter
 */
export function getGrants(c: Context<AppEnv>): Promise<Response> {
  const { book } = c.var.ctx.rt
  if (!book.isKept) throw new OAuthError('resource_not_found', 'book_off')
  const query = readAdminQuery(c.req.url)
  const subject = readFilter(query, 'subject')
  const client = readFilter(query, 'client_id')
  const filter = { subject, clientId: client === null ? null : clientIdOf(client) }
  return respondWithPage<BookedGrant & { readonly id: string }>(c, {
    path: PATH,
    filters: { client_id: client, subject },
    page: async ({ after, limit }) =>
      (await book.list(filter, readPlace(after), limit)).map((row) => ({ id: idOf(row), ...row })),
    count: null,
    render: renderBooked,
  })
}

const idOf = ({ subject, clientId }: BookPlace): string => `${subject}${SEPARATOR}${clientId}`

function readPlace(id: string | null): BookPlace | null {
  if (id === null) return null
  const [subject = '', client = ''] = id.split(SEPARATOR)
  return { subject, clientId: clientIdOf(client) }
}

/** A row of the book as JSON. */
export const renderBooked = (row: BookedGrant): object => ({
  subject: row.subject,
  client_id: row.clientId,
  grant_scope: row.scope,
  granted_at: rfc3339(row.grantedAt),
  last_granted_at: rfc3339(row.lastGrantedAt),
  ...(row.expiresAt !== null && { expires_at: rfc3339(row.expiresAt) }),
  ...(row.endedAt !== null && { ended_at: rfc3339(row.endedAt) }),
})
