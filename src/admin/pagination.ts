import type { Envelopes } from '../crypto/envelope.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { json } from '../http/json.ts'
import { nowSeconds } from '../util/clock.ts'
import { isJsonObject } from '../util/json.ts'

const DEFAULT_SIZE = 100
const MAX_SIZE = 500
const TOKEN_SECONDS = 3600

/** The list a page belongs to: its path, and the query parameters that every link repeats. */
export interface Listing {
  readonly path: string
  readonly filters: Readonly<Record<string, string | null>>
}

/** Where the items of a list come from, ordered by id, and what they look like; what is `undefined` is not shown. */
export interface PageSource<Item extends { readonly id: string }> {
  readonly page: (place: {
    readonly after: string | null
    readonly offset: number
    readonly limit: number
  }) => Promise<readonly Item[]>
  readonly count: () => Promise<number>
  readonly render: (item: Item) => unknown
}

type Query = Readonly<Record<string, string>>

/**
 * Answers a request for a page of a list: by the newer page tokens, or by the limit and offset of v1 SDKs (contract
 * 1.4.1). A page token opens only for the list it was made for.
 *
 * @throws `malformed_body` for bad numbers, for both styles at once and for a token that is foreign or expired
 */
export async function respondWithPage<Item extends { readonly id: string }>(
  envelopes: Envelopes,
  listing: Listing,
  query: Query,
  { page, count, render }: PageSource<Item>,
): Promise<Response> {
  const now = nowSeconds()
  const token = query['page_token'] || null
  const byOffset = query['limit'] !== undefined || query['offset'] !== undefined
  if (byOffset && (token !== null || query['page_size'] !== undefined)) {
    throw malformed("Parameters 'limit' and 'offset' do not go with 'page_size' and 'page_token'.")
  }
  const size = Math.min(readNumber(byOffset ? 'limit' : 'page_size', query, 1, DEFAULT_SIZE), MAX_SIZE)
  const answer = async (items: readonly Item[], headers: Readonly<Record<string, string>>) => {
    const shown = await Promise.all(items.map(render))
    return json(
      shown.filter((item) => item !== undefined),
      200,
      headers,
    )
  }
  if (byOffset) {
    const offset = readNumber('offset', query, 0, 0)
    const [items, total] = await Promise.all([page({ after: null, offset, limit: size }), count()])
    const link = offsetLinks(listing, size, offset, total)
    return answer(items, { link, 'x-total-count': String(total) })
  }
  const after = token === null ? null : await openToken(envelopes, listing.path, token, now)
  const found = await page({ after, offset: 0, limit: size + 1 })
  const items = found.slice(0, size)
  const last = found.length > size ? (items.at(-1)?.id ?? null) : null
  return answer(items, { link: await tokenLinks(envelopes, listing, size, last, now) })
}

/**
 * The Link header of a page by token: `first`, and `next` unless this is the last page.
 *
 * @param last - id of the page's last item when more follow
 * @param now - seconds since the epoch; the tokens are good for an hour
 */
async function tokenLinks(
  envelopes: Envelopes,
  listing: Listing,
  size: number,
  last: string | null,
  now: number,
): Promise<string> {
  const link = async (rel: string, after: string | null): Promise<string> => {
    const token = await envelopes.seal('page_token', { list: listing.path, after }, now + TOKEN_SECONDS)
    return toLink(listing, { page_size: String(size), page_token: token }, rel)
  }
  const first = await link('first', null)
  return last === null ? first : `${first},${await link('next', last)}`
}

/** The Link header of a page by offset: `first`, `next`, `prev` and `last`, without those that lead nowhere. */
function offsetLinks(listing: Listing, size: number, offset: number, total: number): string {
  const link = (rel: string, to: number): string =>
    toLink(listing, { limit: String(size), offset: String(to) }, rel)
  const lastPage = Math.max(0, Math.ceil(total / size) - 1) * size
  return [
    link('first', 0),
    ...(offset + size < total ? [link('next', offset + size)] : []),
    ...(offset > 0 ? [link('prev', Math.max(0, offset - size))] : []),
    link('last', lastPage),
  ].join(',')
}

function toLink(listing: Listing, paging: Query, rel: string): string {
  const parameters = new URLSearchParams(paging)
  for (const [name, value] of Object.entries(listing.filters)) {
    if (value !== null) parameters.set(name, value)
  }
  return `<${listing.path}?${parameters}>; rel="${rel}"`
}

async function openToken(
  envelopes: Envelopes,
  path: string,
  token: string,
  now: number,
): Promise<string | null> {
  const opened = await envelopes.open('page_token', token)
  const data = opened?.data
  if (opened === undefined || !isJsonObject(data) || data['list'] !== path) throw badToken()
  if (opened.expiresAt === null || opened.expiresAt <= now) throw badToken()
  const after = data['after']
  return typeof after === 'string' ? after : null
}

function readNumber(name: string, query: Query, least: number, otherwise: number): number {
  const text = query[name]
  if (text === undefined || text === '') return otherwise
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least) return value
  throw malformed(`Parameter '${name}' must be a whole number of at least ${least}.`)
}

const badToken = (): OAuthError => malformed("Parameter 'page_token' is invalid or has expired.")
const malformed = (hint: string): OAuthError => new OAuthError('malformed_body', hint)
