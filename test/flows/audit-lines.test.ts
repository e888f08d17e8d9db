import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { publicApp } from '../../src/app.ts'
import { ADMIN_KEY, Browser, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  redeem,
  registerClient,
  revoke,
} from '../support/relying-party.ts'

const lines = new LogLines()
const SETTINGS = { LOG_REQUESTS: 'errors', ADMIN_API_KEYS: `ops@all:${ADMIN_KEY}` }
const deployment = new Deployment(testEnv(SETTINGS))
const audited = (event: string): Readonly<Record<string, unknown>> | undefined =>
  lines.of('audit').findLast((line) => line['event'] === event)
const hashes = (): unknown[] => [...new Set(lines.of('audit').map((line) => line['sub_hash']))]
const SUB_HASH = expect.stringMatching(/^[A-Za-z0-9_-]{22}$/)

describe('an audit line', () => {
  it('says of a login who it was of, by a hash, in which session, for which client and in which request', async () => {
    const client = await registerClient(deployment)
    lines.clear()
    await logIn(deployment, client, { login: { subject: 'alice' } })
    const common = { level: 'info', actor: 'user', sub_hash: SUB_HASH, client_id: client.id }
    expect(audited('session.started')).toMatchObject({ ...common, sid: expect.any(String) })
    expect(audited('consent.granted')).toMatchObject({
      ...common,
      grant: expect.any(String),
      sid: audited('session.started')?.['sid'],
    })
    expect(lines.text()).not.toContain('alice')
    expect(hashes()).toHaveLength(1)
  })

  it('has the same hash for a subject over new system secrets, and another for another subject', async () => {
    const client = await registerClient(deployment)
    lines.clear()
    await logIn(deployment, client, { login: { subject: 'bob' } })
    const secrets = 'another-system-secret-of-32-chars!!,test-system-secret-of-32-characters!'
    await logIn(new Deployment(testEnv({ ...SETTINGS, SECRETS_SYSTEM: secrets })), client, {
      login: { subject: 'bob' },
    })
    expect(hashes()).toHaveLength(1)
    await logIn(deployment, client, { login: { subject: 'bob2' } })
    expect(hashes()).toHaveLength(2)
  })

  it('names the client that revoked, and says who was robbed and why', async () => {
    const client = await registerClient(deployment)
    lines.clear()
    const tokens = await logIn(deployment, client, { login: { subject: 'carol' } })
    await revoke(deployment, client, tokens.refresh_token)
    const actor = `client:${client.id}`
    expect(audited('token.revoked')).toMatchObject({ actor, sub_hash: SUB_HASH, grant: expect.any(String) })
    const code = parameter(await authorizeAt(deployment, client, { login: { subject: 'carol' } }), 'code')
    await redeem(deployment, client, code)
    await redeem(deployment, client, code)
    expect(audited('token.reuse_detected')).toMatchObject({
      level: 'alert',
      actor,
      sub_hash: SUB_HASH,
      credential: 'code',
      reason: 'code_spent',
    })
    expect(hashes()).toHaveLength(1)
  })

  it.each(['login', 'consent'] as const)('says who refused at the %s step', async (step) => {
    const client = await registerClient(deployment)
    const [loginApp, browser] = [new LoginApp(deployment), new Browser(deployment)]
    let at = await browser.next(authorizationPath(client))
    if (step === 'consent') {
      const challenge = parameter(at, 'login_challenge')
      at = await browser.next(await loginApp.decide('login', 'accept', challenge, { subject: 'dave' }))
    }
    lines.clear()
    const denial = { error: 'access_denied' }
    await browser.next(await loginApp.decide(step, 'reject', parameter(at, `${step}_challenge`), denial))
    const rejected = { actor: 'user', sub_hash: SUB_HASH, client_id: client.id }
    if (step === 'consent') expect(audited('consent.rejected')).toMatchObject(rejected)
    else expect(audited('consent.rejected')).toBeUndefined()
  })

  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:DB8::1', '2001:db8:0::/48'],
    ['not an address', undefined],
  ])('of an operator at %s names the operator and the neighbourhood %s', async (address, network) => {
    const client = await registerClient(deployment)
    await logIn(deployment, client, { login: { subject: 'erin' } })
    lines.clear()
    await deployment.fetch('/admin/oauth2/auth/sessions/consent?subject=erin&all=true', {
      method: 'DELETE',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'cf-connecting-ip': address },
    })
    const line = audited('consent.revoked')
    expect(line).toMatchObject({ actor: 'key:ops', sub_hash: SUB_HASH, request_id: expect.any(String) })
    expect(line?.['network']).toBe(network)
    expect(lines.text()).not.toContain(address)
  })

  it('names no network of a user', async () => {
    const client = await registerClient(deployment)
    lines.clear()
    await logIn(deployment, client)
    expect(lines.of('audit').filter((line) => 'network' in line)).toEqual([])
  })

  it('is written although the caller hung up', async () => {
    const context = createExecutionContext()
    const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' }
    const request = new Request(`${ISSUER}/admin/clients`, { method: 'POST', headers, body: '{}' })
    void publicApp().fetch(request, deployment.env, context)
    expect(lines.of('audit')).toEqual([])
    await waitOnExecutionContext(context)
    expect(audited('client.created')).toMatchObject({ actor: 'key:ops' })
  })
})
