import { makeKey, signAssertion, type TestKey } from '../../support/assertions.ts'
import { Browser, bodyOf } from '../../support/browser.ts'
import { approve, poll, registerDeviceClient, startDevice } from '../../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
  type TestClient,
  type Tokens,
  tokenRequest,
} from '../../support/relying-party.ts'
import { trust } from '../../support/trust.ts'
import { JWT_BEARER } from '../fuzz/drafts.ts'
import type { Isolate } from './isolate.ts'

/** Something that the server acknowledged, and how to see that it still holds; a check may end it. */
export interface Fact {
  readonly name: string
  /** What is true instead; undefined if the fact holds. */
  check(at: Isolate): Promise<string | undefined>
}

/** What a writer writes with. */
export interface Pen {
  readonly at: Isolate
  readonly client: TestClient
  readonly device: TestClient
  readonly bearer: TestClient
  readonly key: TestKey
  readonly issuer: string
  /** The issuer of the server, which assertions are for. */
  readonly audience: string
}

/** Makes what all writers share. */
export async function makePen(at: Isolate): Promise<Pen> {
  const key = await makeKey()
  const issuer = `https://issuer.example/${crypto.randomUUID()}`
  await trust(at, key, issuer, { subject: undefined, allow_any_subject: true })
  const [client, device, bearer] = await Promise.all([
    registerClient(at),
    registerDeviceClient(at),
    registerClient(at, { grant_types: [JWT_BEARER], redirect_uris: [] }),
  ])
  return { at, client, device, bearer, key, issuer, audience: `${at.base}/oauth2/token` }
}

/** Writes something. Returns a fact for each answer that acknowledged it. Throws if the answer does not come. */
export type Writer = (pen: Pen, learn: (fact: Fact) => void) => Promise<void>

/** An answer that was not the one that belongs here. */
export class Refused extends Error {}

async function must(response: Response, status: number): Promise<Record<string, unknown>> {
  const text = await response.text()
  if (response.status !== status) throw new Refused(`${response.status} ${text.slice(0, 200)}`)
  return text === '' ? {} : JSON.parse(text)
}

const somebody = (): { readonly subject: string } => ({ subject: `user-${crypto.randomUUID()}` })
const says = (right: boolean, ...seen: readonly unknown[]): string | undefined =>
  right ? undefined : JSON.stringify(seen)

const good = (
  client: TestClient,
  tokens: Pick<Tokens, 'access_token' | 'refresh_token'>,
  name: string,
): Fact => ({
  name,
  async check(at) {
    const active = await at.isActive(tokens.access_token)
    const { status } = await refresh(at, client, tokens.refresh_token)
    return says(active && status === 200, active, status)
  },
})

const dead = (
  client: TestClient,
  tokens: Pick<Tokens, 'access_token' | 'refresh_token'>,
  name: string,
): Fact => ({
  name,
  async check(at) {
    const active = await at.isActive(tokens.access_token)
    const { status } = await refresh(at, client, tokens.refresh_token)
    return says(!active && status === 400, active, status)
  },
})

/** The tokens of an answer. */
const tokensOf = (body: Readonly<Record<string, unknown>>) => ({
  access_token: String(body['access_token']),
  refresh_token: String(body['refresh_token']),
})

const exchange: Writer = async ({ at, client }, learn) => {
  const code = parameter(await authorizeAt(at, client, { login: somebody() }), 'code')
  const tokens = tokensOf(await must(await redeem(at, client, code), 200))
  learn({
    name: 'a code was redeemed',
    async check(later) {
      const active = await later.isActive(tokens.access_token)
      const { status } = await redeem(later, client, code)
      return says(active && status === 400, active, status)
    },
  })
}

const rotate: Writer = async ({ at, client }, learn) => {
  let last = tokensOf({ ...(await logIn(at, client, { login: somebody() })) })
  const times = 1 + Math.floor(Math.random() * 4)
  for (let time = 0; time < times; time += 1)
    last = tokensOf(await must(await refresh(at, client, last.refresh_token), 200))
  learn(good(client, last, 'a token was refreshed'))
}

const revokeToken: Writer = async ({ at, client }, learn) => {
  const tokens = await logIn(at, client, { login: somebody() })
  await must(await revoke(at, client, tokens.refresh_token), 200)
  learn(dead(client, tokens, 'a token was revoked'))
}

const shown = async (at: Isolate, id: string): Promise<Record<string, unknown>> =>
  bodyOf(await at.admin('GET', `/admin/clients/${id}`))

const writeClient: Writer = async ({ at }, learn) => {
  const { id } = await registerClient(at, { client_name: 'made' })
  const name = `changed ${crypto.randomUUID()}`
  const patch = [{ op: 'replace', path: '/client_name', value: name }]
  await must(await at.admin('PATCH', `/admin/clients/${id}`, patch), 200)
  learn({
    name: 'a client was made and changed',
    async check(later) {
      const { client_name } = await shown(later, id)
      return says(client_name === name, client_name)
    },
  })
}

const newSecret: Writer = async ({ at }, learn) => {
  const own = await registerClient(at)
  const record = await shown(at, own.id)
  const secret = `secret-${crypto.randomUUID()}`
  await must(await at.admin('PUT', `/admin/clients/${own.id}`, { ...record, client_secret: secret }), 200)
  learn({
    name: 'a client got another secret',
    async check(later) {
      const credentials = { grant_type: 'client_credentials' }
      const fresh = await tokenRequest(later, { id: own.id, secret }, credentials)
      const old = await tokenRequest(later, own, credentials)
      return says(fresh.status === 200 && old.status === 401, fresh.status, old.status)
    },
  })
}

const deleteClient: Writer = async ({ at }, learn) => {
  const own = await registerClient(at)
  const tokens = await logIn(at, own, { login: somebody() })
  await must(await at.admin('DELETE', `/admin/clients/${own.id}`), 204)
  learn({
    name: 'a client was deleted',
    async check(later) {
      const { status } = await later.admin('GET', `/admin/clients/${own.id}`)
      const active = await later.isActive(tokens.access_token)
      return says(status === 404 && !active, status, active)
    },
  })
}

const revokeConsents: Writer = async ({ at, client }, learn) => {
  const login = somebody()
  const tokens = await logIn(at, client, { login })
  const path = `/admin/oauth2/auth/sessions/consent?subject=${login.subject}`
  await must(await at.admin('DELETE', `${path}&all=true`), 204)
  learn({
    name: 'consents were revoked',
    async check(later) {
      const listed = await (await later.admin('GET', path)).text()
      const active = await later.isActive(tokens.access_token)
      return says(listed.trim() === '[]' && !active, listed.slice(0, 100), active)
    },
  })
}

const spend: Writer = async ({ at, bearer, key, issuer, audience }, learn) => {
  const login = somebody()
  const assertion = await signAssertion(
    key,
    { iss: issuer, sub: login.subject },
    { claims: { aud: audience } },
  )
  const fields = { grant_type: JWT_BEARER, assertion, scope: 'api.read' }
  const { access_token } = await must(await tokenRequest(at, bearer, fields), 200)
  learn({
    name: 'an assertion was spent',
    async check(later) {
      const active = await later.isActive(String(access_token))
      const { status } = await tokenRequest(later, bearer, fields)
      return says(active && status === 400, active, status)
    },
  })
}

const endLogins: Writer = async ({ at, client }, learn) => {
  const login = somebody()
  const browser = new Browser(at)
  await logIn(at, client, { browser, login: { ...login, remember: true, remember_for: 3600 } })
  await must(await at.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${login.subject}`), 204)
  learn({
    name: 'sessions were ended',
    async check(later) {
      const init = { headers: { cookie: browser.cookie } }
      const answer = await later.fetch(authorizationPath(client, { prompt: 'none' }), init)
      const where = answer.headers.get('location') ?? ''
      return says(where.includes('login_required'), where.slice(0, 100))
    },
  })
}

const approveDevice: Writer = async ({ at, device }, learn) => {
  const started = await startDevice(at, device)
  await approve(at, started, { login: somebody() })
  const tokens = tokensOf(await must(await poll(at, device, started), 200))
  learn({
    name: 'a device got its tokens',
    async check(later) {
      const active = await later.isActive(tokens.access_token)
      const { status } = await poll(later, device, started)
      return says(active && status === 400, active, status)
    },
  })
}

const revokeOwn: Writer = async ({ at, client }, learn) => {
  const { access_token } = await must(
    await tokenRequest(at, client, { grant_type: 'client_credentials' }),
    200,
  )
  await must(await revoke(at, client, String(access_token)), 200)
  learn({
    name: "a client's own token was revoked",
    check: async (later) => says(!(await later.isActive(String(access_token)))),
  })
}

export const WRITERS: readonly Writer[] = [
  ...[exchange, rotate, revokeToken, writeClient, newSecret, deleteClient, revokeConsents, spend],
  ...[endLogins, approveDevice, revokeOwn],
]

/** Checks facts, some at a time. Returns what does not hold. */
export async function broken(at: Isolate, facts: readonly Fact[]): Promise<readonly string[]> {
  const found: string[] = []
  const queue = [...facts]
  const work = async (): Promise<void> => {
    for (let fact = queue.pop(); fact !== undefined; fact = queue.pop()) {
      const { name } = fact
      const instead = await fact.check(at).catch((thrown: unknown) => String(thrown))
      if (instead !== undefined) found.push(`${name}: ${instead}`)
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return found
}
