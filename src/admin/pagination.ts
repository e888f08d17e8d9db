import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import type { Envelopes } from '../crypto/envelope.ts'
import { malformedBody } from '../errors/refusals.ts'
import { type Parameters, readAdminQuery } from '../http/form.ts'
import { json } from '../http/json.ts'
import { after, nowSeconds, type Seconds, seconds } from '../util/clock.ts'
import { isJsonObject } from '../util/json.ts'
import { mapConcurrent } from '../util/map-concurrent.ts'

const DEFAULT_SIZE = 100
const MAX_SIZE = 500
const TOKEN_SECONDS = seconds(3600)

/** The most characters of links that are not needed: clients such as Node's fetch take 16 KB of headers in all. */
const MAX_LINKS = 12_000

interface Listed {
  readonly id: string
}

/** A list that is answered in pages. */
export interface Listing<Item extends Listed> {
  readonly path: string
  /** The query parameters that every link repeats; null if not given. */
  readonly filters: Readonly<Record<string, string | null>>
  /** The place of an item in the list, as page tokens hold it; its id if absent. */
  readonly placeOf?: (item: Item) => string
  /** Reads some of the items, in the order of their places: at least one if there is one, but no more than fit a page. */
  readonly page: (place: {
    readonly after: string | null
    readonly offset: number
    readonly limit: number
  }) => Promise<readonly Item[]>
  /** Counts all of the items, for pages by limit and offset; null for a list too long for that, which has none. */
  readonly count: (() => Promise<number>) | null
  /** An item as JSON; undefined items are left out. */
  readonly render: (item: Item) => unknown
}

/** A list whose links start with the path of the public URL. */
type Linked<Item extends Listed> = Listing<Item> & { readonly base: string }

type Fields = Readonly<Record<string, string>>

interface Page<Item> {
  readonly items: readonly Item[]
  readonly headers: Fields
}

/**
 * Answers a request for a page of a list: by the newer page tokens, or by the limit and offset of v1 SDKs (contract
 * 1.4.1). A page token is valid only for its list.
 *
 * @throws `malformed_body` for bad numbers, for both styles at once, and for a foreign or expired token
 */
export async function respondWithPage<Item extends Listed>(
  c: Context<AppEnv>,
  listing: Listing<Item>,
): Promise<Response> {
  const query = readAdminQuery(c.req.url)
  const token = query.get('page_token')
  const byOffset = query.has('limit') || query.has('offset')
  if (byOffset && (token !== undefined || query.has('page_size'))) {
    throw malformedBody('parameters_conflict', {
      parameter: query.has('limit') ? 'limit' : 'offset',
      other: token === undefined ? 'page_size' : 'page_token',
    })
  }
  const size = readSize(byOffset ? 'limit' : 'page_size', query)
  const { config, envelopes } = c.var.ctx.rt
  const { count } = listing
  if (byOffset && count === null)
    throw malformedBody('parameter_malformed', {
      parameter: query.has('limit') ? 'limit' : 'offset',
      expected: "absent: this list takes 'page_size' and 'page_token'",
    })
  const linked = { ...listing, base: config.urls.path }
  const { items, headers } =
    byOffset && count !== null
      ? await pageByOffset({ ...linked, count }, size, readNumber('offset', query, 0))
      : await pageByToken(envelopes, linked, size, token)
  const shown = await mapConcurrent(items, async (item) => listing.render(item))
  const present = shown.filter((item) => item !== undefined)
  return json(present, 200, headers)
}

/**
 * A page with a Link header of `first`, and of `next` unless it is the last page. Page tokens are valid for an hour.
 */
async function pageByToken<Item extends Listed>(
  envelopes: Envelopes,
  listing: Linked<Item>,
  size: number,
  token: string | undefined,
): Promise<Page<Item>> {
  const now = nowSeconds()
  const place = token ? await openToken(envelopes, listing.path, token, now) : null
  const found = await listing.page({ after: place, offset: 0, limit: size + 1 })
  const items = found.slice(0, size)
  const { placeOf = ({ id }: Item) => id } = listing
  const last = items.at(-1)
  const isCut = async (after: string): Promise<boolean> =>
    found.length <= size && (await listing.page({ after, offset: 0, limit: 1 })).length > 0
  const link = (last: string | null): Promise<string> => urlOfPage(envelopes, listing, { size, last }, now)
  const hasNext = last !== undefined && (found.length > size || (await isCut(placeOf(last))))
  const first = await link(null)
  return { items, headers: linkHeader(hasNext ? { first, next: await link(placeOf(last)) } : { first }) }
}

/** Where a page is: behind this place; null for the first page. */
interface PagePlace {
  readonly size: number
  readonly last: string | null
}

/** Returns the URL of a page by a page token, which is valid for an hour. */
export async function urlOfPage(
  envelopes: Envelopes,
  list: Pick<Linked<never>, 'base' | 'path' | 'filters'>,
  { size, last }: PagePlace,
  now: Seconds,
): Promise<string> {
  const data = { list: list.path, after: last }
  const sealed = await envelopes.seal('page_token', data, after(now, TOKEN_SECONDS))
  return urlWith(list, { page_size: String(size), page_token: sealed })
}

/** A page with a Link header of `first`, `next`, `prev` and `last`; links that lead nowhere are left out. */
async function pageByOffset<Item extends Listed>(
  listing: Linked<Item> & { readonly count: () => Promise<number> },
  size: number,
  offset: number,
): Promise<Page<Item>> {
  const [items, total] = await Promise.all([
    listing.page({ after: null, offset, limit: size }),
    listing.count(),
  ])
  await checkWhole(listing, { items, total, size, offset })
  const link = (to: number): string => urlWith(listing, { limit: String(size), offset: String(to) })
  const links = {
    first: link(0),
    ...(offset + size < total && { next: link(offset + size) }),
    ...(offset > 0 && { prev: link(Math.max(0, offset - size)) }),
    last: link(Math.max(0, Math.ceil(total / size) - 1) * size),
  }
  return { items, headers: { ...linkHeader(links), 'x-total-count': String(total) } }
}

/**
 * Checks that a page by offset has every item that belongs on it: who counts on would miss those that did not fit.
 * Throws `malformed_body` that says how many fit.
 */
async function checkWhole<Item extends Listed>(
  listing: Listing<Item>,
  page: {
    readonly items: readonly Item[]
    readonly total: number
    readonly size: number
    readonly offset: number
  },
): Promise<void> {
  const { items, total, size, offset } = page
  const next = offset + items.length
  if (items.length === 0 || items.length >= size || next >= total) return
  if ((await listing.page({ after: null, offset: next, limit: 1 })).length === 0) return
  throw malformedBody('parameter_malformed', {
    parameter: 'limit',
    expected: `at most ${items.length} here: more items do not fit a page`,
  })
}

function urlWith(
  { base, path, filters }: Pick<Linked<never>, 'base' | 'path' | 'filters'>,
  paging: Fields,
): string {
  const parameters = new URLSearchParams(paging)
  for (const [name, value] of Object.entries(filters)) if (value !== null) parameters.set(name, value)
  return `${base}${path}?${parameters}`
}

const BY_NEED = ['next', 'prev', 'first', 'last'] as const
const IN_ORDER = ['first', 'next', 'prev', 'last'] as const

/** What a page leads to: URLs by their relations, the next page where there is one. */
interface Links {
  readonly first: string
  readonly next?: string
  readonly prev?: string
  readonly last?: string
}

/**
 * Returns the Link header of a page (RFC 8288). A link that would make it too long is left out, of which the next page is
 * none: without it nobody gets further, and to the first page everybody knows the way.
 */
export function linkHeader(links: Links): Fields {
  let left = MAX_LINKS
  const kept = BY_NEED.flatMap((rel) => {
    const link = `<${links[rel]}>; rel="${rel}"`
    if (links[rel] === undefined || (rel !== 'next' && link.length >= left)) return []
    left -= link.length + 1
    return { rel, link }
  })
  const shown = IN_ORDER.flatMap((rel) => kept.find((one) => one.rel === rel)?.link ?? [])
  return shown.length === 0 ? {} : { link: shown.join() }
}

/**
 * Returns the place that a page token of a list holds; null for the first page.
 *
 * @throws `malformed_body` for a foreign or expired token
 */
export async function openToken(
  envelopes: Envelopes,
  path: string,
  token: string,
  now: number,
): Promise<string | null> {
  const opened = await envelopes.open('page_token', token)
  const data = opened?.data
  if (!isJsonObject(data) || data['list'] !== path || (opened?.expiresAt ?? 0) <= now)
    throw malformedBody('parameter_malformed', {
      parameter: 'page_token',
      expected: 'one that this list gave and that has not expired, or absent for the first page',
    })
  const after = data['after']
  return typeof after === 'string' ? after : null
}

/** Reads how many items a page may have. Throws `malformed_body` for anything but a whole number. */
export const readSize = (name: string, query: Parameters): number =>
  Math.min(readNumber(name, query, DEFAULT_SIZE), MAX_SIZE)

/** Reads a whole number; what is zero, below zero or absent becomes `otherwise`, as in Hydra. */
function readNumber(name: string, query: Parameters, otherwise: number): number {
  const text = query.get(name) ?? ''
  if (/^-?\d{0,9}$/.test(text)) return Number(text) > 0 ? Number(text) : otherwise
  throw malformedBody('parameter_malformed', { parameter: name, expected: 'a whole number' })
}
