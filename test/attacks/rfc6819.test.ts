import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  logIn,
  parameter,
  redeem,
  registerClient,
  tokenRequest,
} from '../support/relying-party.ts'

const deployment = new Deployment()

/** Everything that D1, KV and the ledgers hold, as text. */
async function everythingStored(): Promise<string> {
  const { DB, COPIES, LEDGER } = testEnv()
  const parts: unknown[] = []
  const tables = await DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all<{
    name: string
  }>()
  for (const { name } of tables.results)
    if (!name.startsWith('_') && !name.startsWith('sqlite_'))
      parts.push((await DB.prepare(`SELECT * FROM ${name}`).all()).results)
  for (const { name } of (await COPIES.list()).keys) parts.push(name, await COPIES.get(name))
  for (const name of globalThis.ledgersCalled ?? [])
    parts.push(
      await runInDurableObject(LEDGER.getByName(name), (_ledger, { storage: { sql } }) =>
        sql
          .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
          .toArray()
          .filter((table) => !table.name.startsWith('_'))
          .map((table) => sql.exec(`SELECT * FROM ${table.name}`).toArray()),
      ),
    )
  return JSON.stringify(parts)
}

describe('what is stored (RFC 6819 sections 4.3.2, 4.3.4, 4.4.1.2, 4.5.2)', () => {
  it('the database and the ledgers hold no token, code or secret', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const login = { subject: 'stored-somebody', remember: true, remember_for: 600 }
    const tokens = await logIn(deployment, client, { browser, login })
    const code = parameter(await authorizeAt(deployment, client), 'code')
    const stored = await everythingStored()
    expect(stored).toContain('stored-somebody')
    expect(stored).toContain(client.id)
    const secrets = {
      secret: client.secret,
      code,
      ...{ access: tokens.access_token, refresh: tokens.refresh_token, id: tokens.id_token },
      cookie: [...browser.cookies.values()].find((value) => value.length > 60) ?? 'no cookie',
    }
    const found = Object.entries(secrets).filter(([, text]) =>
      text.split('.').some((part) => part.length > 20 && stored.includes(part)),
    )
    expect(found.map(([name]) => name)).toEqual([])
    expect(secrets.cookie).not.toBe('no cookie')
    expect((await redeem(deployment, client, code)).status).toBe(200)
  })
})

describe('the password grant (RFC 6819 section 4.4.3)', () => {
  it("there is no grant that takes a user's password", async () => {
    const client = await registerClient(deployment)
    const fields = { grant_type: 'password', username: 'alice', password: 'guess' }
    const answer = await tokenRequest(deployment, client, fields)
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_request'])
    const discovery = await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))
    expect(discovery['grant_types_supported']).not.toContain('password')
  })
})

describe('answers on their way (RFC 6819 section 4.6.6)', () => {
  it.each(['a token', 'a redirect', 'userinfo', 'a refresh'])(
    'no answer that holds a token may be stored: %s',
    async (what) => {
      const client = await registerClient(deployment)
      const tokens = await logIn(deployment, client)
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      const answers: Readonly<Record<string, () => Promise<Response>>> = {
        'a token': () => tokenRequest(deployment, client, { grant_type: 'client_credentials' }),
        'a redirect': () => new Browser(deployment).visit(authorizationPath(client)),
        userinfo: () => deployment.fetch('/userinfo', { headers }),
        'a refresh': () =>
          tokenRequest(deployment, client, {
            grant_type: 'refresh_token',
            refresh_token: tokens.refresh_token,
          }),
      }
      const answer = await answers[what]?.()
      expect(answer?.headers.get('cache-control')).toMatch(/no-store/)
    },
  )
})
