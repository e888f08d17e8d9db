import { beforeAll, describe, expect, it } from 'vitest'
import { testEnv } from '../support/bindings.ts'
import { bodyOf, Deployment } from '../support/deployment.ts'
import { logIn, registerClient } from '../support/relying-party.ts'

const deployment = new Deployment()
const MB = 1024 * 1024

/** The links of an answer, by what they are called. */
const linksOf = (response: Response): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...(response.headers.get('link') ?? '').matchAll(/<([^>]+)>; rel="(\w+)"/g)].map(([, url = '', rel]) => [
      rel,
      url,
    ]),
  )

/** Every page of a list, by its links: the ids on it, and its size in bytes. */
async function walk(path: string, idOf: (item: Record<string, unknown>) => unknown) {
  const pages: { readonly ids: readonly unknown[]; readonly bytes: number }[] = []
  for (let next: string | undefined = path; next !== undefined; ) {
    const response = await deployment.admin('GET', next)
    expect(response.status).toBe(200)
    next = linksOf(response)['next']
    const text = await response.text()
    const items: Record<string, unknown>[] = JSON.parse(text)
    pages.push({ ids: items.map(idOf), bytes: text.length })
  }
  return pages
}

describe('a list of large items is paged by bytes too', () => {
  const CLIENTS = '/admin/clients'
  const ISSUERS = '/admin/trust/grants/jwt-bearer/issuers'
  const ids = Array.from({ length: 30 }, (_, at) => `large-${String(at).padStart(2, '0')}`)

  beforeAll(async () => {
    for (const client_id of ids) await registerClient(deployment, { client_id })
    const { DB } = testEnv()
    await DB.prepare(
      "UPDATE clients SET metadata = json_set(metadata, '$.metadata', json_object('note', hex(zeroblob(150000))))",
    ).run()
    const insert = DB.prepare(
      `INSERT INTO trusted_issuers (id, issuer, subject, scope, kid, thumbprint, public_jwk, created_at, expires_at)
       SELECT ?1, 'https://issuer.example', ?1, '[]', ?1, ?1, json_object('kty', 'RSA', 'n', hex(zeroblob(150000))), 1, 9e9`,
    )
    await DB.batch(ids.map((id) => insert.bind(id)))
  })

  it.each([
    ['clients', CLIENTS, 'client_id'],
    ['trusted issuers', ISSUERS, 'id'],
  ])('%s: the walk finds each once, and no page is large', async (_name, path, id) => {
    const pages = await walk(`${path}?page_size=500`, (item) => item[id])
    expect(pages.flatMap((page) => page.ids)).toEqual(ids)
    expect(pages.length).toBeGreaterThan(1)
    expect(Math.max(...pages.map(({ bytes }) => bytes))).toBeLessThan(5 * MB)
  })

  it.each([
    ['clients', CLIENTS],
    ['trusted issuers', ISSUERS],
  ])('%s by limit and offset: a page that would not fit says how many do', async (_name, path) => {
    const refused = await deployment.admin('GET', `${path}?limit=500`)
    const [, most] = /at most (\d+) here/.exec(String((await bodyOf(refused))['error_description'])) ?? []
    expect([refused.status, Number(most) > 1]).toEqual([400, true])
    const found: unknown[] = []
    for (let next: string | undefined = `${path}?limit=${most}`; next !== undefined; ) {
      const response = await deployment.admin('GET', next)
      expect(response.status).toBe(200)
      found.push(...(await response.json<unknown[]>()))
      next = linksOf(response)['next']
    }
    expect(found).toHaveLength(ids.length)
  })

  it('a page that ends where the list does has no next one', async () => {
    const whole = await deployment.admin('GET', `${CLIENTS}?page_size=2&client_name=nobody`)
    expect(linksOf(whole)['next']).toBeUndefined()
    const [first] = await walk(`${CLIENTS}?page_size=1`, ({ client_id }) => client_id)
    expect(first?.ids).toEqual([ids[0]])
  })
})

describe('links too long for clients, which take 16 KB of headers in all', () => {
  /** The most that they may have: with the other headers below that. */
  const MOST = 12_000
  const sizeOf = (response: Response): number => (response.headers.get('link') ?? '').length
  const name = (length: number): string => '\u6f22'.repeat(length)

  it.each([
    ['/admin/subjects/', 8000, []],
    ['/admin/subjects/', 255, ['first']],
    ['/admin/grants?subject=', 8000, ['first']],
    ['/admin/clients?client_name=', 14_000, []],
    ['/admin/clients?limit=1&client_name=', 8000, ['first']],
  ])('are left out where nothing is behind them: %s, %d characters', async (path, length, rels) => {
    const response = await deployment.admin('GET', path + 'x'.repeat(length))
    expect([response.status, Object.keys(linksOf(response))]).toEqual([200, rels])
    expect(sizeOf(response)).toBeLessThan(MOST)
  })

  it.each([
    ['by token', 'page_size=1', 700, ['next'], ['first']],
    ['by limit and offset', 'limit=1', 701, ['next'], ['prev']],
  ])('but for the next page, %s', async (_how, size, length, atFirst, atLast) => {
    const client_name = name(length)
    const ids = [crypto.randomUUID(), crypto.randomUUID()].toSorted()
    for (const client_id of ids) await registerClient(deployment, { client_id, client_name })
    const first = await deployment.admin('GET', `/admin/clients?${size}&client_name=${client_name}`)
    const { next = '' } = linksOf(first)
    const last = await deployment.admin('GET', next)
    expect([first, last].map((response) => Object.keys(linksOf(response)))).toEqual([atFirst, atLast])
    const pages = await Promise.all([first, last].map((response) => response.json<{ client_id: string }[]>()))
    expect(pages.flat().map(({ client_id }) => client_id)).toEqual(ids)
    expect(Math.max(sizeOf(first), sizeOf(last))).toBeLessThan(MOST)
  })

  it('and all links stand where the longest subject has further pages', async () => {
    const subject = name(255)
    const client = await registerClient(deployment)
    for (const _login of [1, 2]) await logIn(deployment, client, { login: { subject } })
    const path = `/admin/subjects/${encodeURIComponent(subject)}?page_size=1`
    const response = await deployment.admin('GET', path)
    expect(Object.keys(linksOf(response))).toEqual(['first', 'next'])
    expect(sizeOf(response)).toBeLessThan(MOST)
  })
})
