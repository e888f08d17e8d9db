import { beforeAll, describe, expect, it } from 'vitest'
import { testEnv } from '../support/bindings.ts'
import { bodyOf, Deployment } from '../support/deployment.ts'
import { registerClient } from '../support/relying-party.ts'

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
