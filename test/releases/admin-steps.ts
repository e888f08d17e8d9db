import { expect } from 'vitest'
import { Browser, bodyOf } from '../support/browser.ts'
import { authorizationPath, registerClient, tokenRequest } from '../support/relying-party.ts'
import { expectError, isActive, type Step, step } from './stage.ts'

/** What operators write, and clients about themselves. */
export const ADMIN: readonly Step[] = [
  step('a client is made', async ({ at, passed }) => {
    passed.own = await registerClient(at)
    expect((await tokenRequest(at, passed.own, { grant_type: 'client_credentials' })).status).toBe(200)
  }),
  step('a client is changed', async ({ at, passed: { own } }) => {
    const patch = [{ op: 'replace', path: '/redirect_uris', value: ['https://other.example/cb'] }]
    expect((await at.admin('PATCH', `/admin/clients/${own.id}`, patch)).status).toBe(200)
    const allowed = await new Browser(at).next(
      authorizationPath(own, { redirect_uri: 'https://other.example/cb' }),
    )
    expect(allowed.searchParams.has('login_challenge')).toBe(true)
    const refused = await new Browser(at).visit(authorizationPath(own))
    expect(refused.headers.get('location') ?? '').not.toContain('login_challenge')
  }),
  step('a client gets another secret', async ({ at }) => {
    const { id } = await registerClient(at)
    const secret = 'another-secret-of-an-operator'
    const patch = [{ op: 'replace', path: '/client_secret', value: secret }]
    expect((await at.admin('PATCH', `/admin/clients/${id}`, patch)).status).toBe(200)
    expect((await tokenRequest(at, { id, secret }, { grant_type: 'client_credentials' })).status).toBe(200)
  }),
  step('the tokens of a client are revoked', async ({ at, one, passed: { own } }) => {
    const body = await bodyOf(await tokenRequest(at, own, { grant_type: 'client_credentials' }))
    expect((await one.admin('DELETE', `/admin/oauth2/tokens?client_id=${own.id}`)).status).toBe(204)
    expect(await isActive(one, String(body['access_token']))).toBe(false)
  }),
  step('a client is deleted', async ({ at, passed: { own } }) => {
    expect((await at.admin('DELETE', `/admin/clients/${own.id}`)).status).toBe(204)
    expect((await at.admin('GET', `/admin/clients/${own.id}`)).status).toBe(404)
    await expectError(
      await tokenRequest(at, own, { grant_type: 'client_credentials' }),
      401,
      'invalid_client',
    )
  }),
  step('a client registers itself', async ({ at, passed }) => {
    const response = await at.fetch('/oauth2/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: ['https://app.example/cb'] }),
    })
    expect(response.status).toBe(201)
    passed.registration = await bodyOf(response)
  }),
  step('and reads and removes itself', async ({ at, passed: { registration } }) => {
    const path = `/oauth2/register/${registration['client_id']}`
    const headers = { authorization: `Bearer ${registration['registration_access_token']}` }
    const read = await at.fetch(path, { headers })
    expect(read.status).toBe(200)
    const { registration_access_token: token } = await bodyOf(read)
    const authorization = `Bearer ${token ?? registration['registration_access_token']}`
    expect((await at.fetch(path, { method: 'DELETE', headers: { authorization } })).status).toBe(204)
    expect((await at.fetch(path, { headers: { authorization } })).status).toBe(401)
  }),
  step('a set of keys is made and removed', async ({ at }) => {
    const body = { alg: 'ES256', kid: 'one', use: 'sig' }
    expect((await at.admin('POST', '/admin/keys/other', body)).status).toBe(201)
    expect((await at.admin('GET', '/admin/keys/other')).status).toBe(200)
    expect((await at.admin('DELETE', '/admin/keys/other')).status).toBe(204)
    expect((await at.admin('GET', '/admin/keys/other')).status).toBe(404)
  }),
]
