import type { Envelopes } from '../crypto/envelope.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { json } from '../http/json.ts'
import { nowSeconds } from '../util/clock.ts'
import { isJsonObject } from '../util/json.ts'

const DEFAULT_SIZE = 100
const MAX_SIZE = 500
const TOKEN_SECONDS = 3600

/** What a list is asked for: the newer page tokens, or the limit and offset of v1 SDKs (contract 1.4.1). */
type PageRequest =
  | { readonly style: 'token'; readonly size: number; readonly after: string | null }
  | { readonly style: 'offset'; readonly size: number; readonly offset: number }

/** The list a page belongs to: its path, and the query parameters that every link repeats. */
export interface Listing {
  readonly path: string
  readonly filters: Readonly<Record<string, string | null>>
}

/** Where the items of a list come from, ordered by id, and what they look like; what is `undefined` is not shown. */
export interface PageSource<Item extends { readonly id: string }> {
  page(place: { after: string | null; offset: number; limit: number }): Promise<readonly Item[]>
  count(): Promise<number>
  render(item: Item): unknown
}

type Query = Readonly<Record<string, string>>

/**
 * Reads the paging parameters of a list. A page token opens only for the list it was made for.
 *
 * @param now - seconds since the epoch
 * @throws `malformed_body` for bad numbers, for both styles at once and for a token that is foreign or expired
 */
async function readPage(envelopes: Envelopes, path: string, query: Query, now: number): Promise<PageRequest> {
  const token = query['page_token'] || null
  const byOffset = query['limit'] !== undefined || query['offset'] !== undefined
  if (byOffset && (token !== null || query['page_size'] !== undefined)) {
    throw malformed("Parameters 'limit' and 'offset' do not go with 'page_size' and 'page_token'.")
  }
  if (byOffset) {
    const size = Math.min(readNumber('limit', query['limit'], 1, DEFAULT_SIZE), MAX_SIZE)
    return { style: 'offset', size, offset: readNumber('offset', query['offset'], 0, 0) }
  }
  const size = Math.min(readNumber('page_size', query['page_size'], 1, DEFAULT_SIZE), MAX_SIZE)
  return { style: 'token', size, after: token === null ? null : await openToken(envelopes, path, token, now) }
}

/**
 * Answers a request for a page of a list, in the style it asks for.
 *
 * @throws what `readPage` throws
 */
export async function respondWithPage<Item extends { readonly id: string }>(
  envelopes: Envelopes,
  listing: Listing,
  query: Query,
  source: PageSource<Item>,
): Promise<Response> {
  const now = nowSeconds()
  const page = await readPage(envelopes, listing.path, query, now)
  const shown = async (items: readonly Item[]): Promise<readonly unknown[]> =>
    (await Promise.all(items.map(source.render))).filter((item) => item !== undefined)
  if (page.style === 'offset') {
    const { size, offset } = page
    const [items, total] = await Promise.all([
      source.page({ after: null, offset, limit: size }),
      source.count(),
    ])
    const link = offsetLinks(listing, size, offset, total)
    return json(await shown(items), 200, { link, 'x-total-count': String(total) })
  }
  const found = await source.page({ after: page.after, offset: 0, limit: page.size + 1 })
  const items = found.slice(0, page.size)
  const last = found.length > page.size ? (items.at(-1)?.id ?? null) : null
  return json(await shown(items), 200, {
    link: await tokenLinks(envelopes, listing, page.size, last, now),
  })
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

function readNumber(name: string, text: string | undefined, least: number, otherwise: number): number {
  if (text === undefined || text === '') return otherwise
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least) return value
  throw malformed(`Parameter '${name}' must be a whole number of at least ${least}.`)
}

const badToken = (): OAuthError => malformed("Parameter 'page_token' is invalid or has expired.")
const malformed = (hint: string): OAuthError => new OAuthError('malformed_body', hint)
