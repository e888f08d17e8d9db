import { describe, expect, it } from 'vitest'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { tokenRequest } from '../support/relying-party.ts'

const PREFIX = 'OIDC_DYNAMIC_CLIENT_REGISTRATION_'
const policy = (settings: Readonly<Record<string, string>>): Deployment =>
  new Deployment(
    testEnv(
      Object.fromEntries(
        Object.entries({ ENABLED: 'true', ...settings }).map(([name, value]) => [PREFIX + name, value]),
      ),
    ),
  )

const URI = 'https://app.example/cb'
const MACHINE = { grant_types: ['client_credentials'] }

type Answer = Record<string, unknown>

async function register(on: Deployment, body: object): Promise<Answer & { readonly status: number }> {
  const response = await on.fetch('/oauth2/register', { method: 'POST', body: JSON.stringify(body) })
  return { ...(await bodyOf(response)), status: response.status }
}

async function change(on: Deployment, { client_id, registration_access_token: token }: Answer, body: object) {
  const response = await on.fetch(`/oauth2/register/${client_id}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })
  return { ...(await bodyOf(response)), status: response.status }
}

const open = policy({})

const logs = new LogLines()

describe('what a stranger may register', () => {
  const narrow = policy({
    ALLOWED_SCOPE: 'openid mcp.*',
    ALLOWED_AUDIENCE: 'https://api.example/v1',
    ALLOWED_GRANT_TYPES: 'authorization_code,client_credentials',
  })

  it.each<[string, object, object]>([
    ['scope', { scope: 'openid mcp.read admin mcp.*' }, { scope: 'openid mcp.read mcp.*' }],
    ['no scope', {}, { scope: 'openid' }],
    [
      'audience',
      { audience: ['https://api.example/v1/users', 'https://api.example/v2'] },
      { audience: ['https://api.example/v1/users'] },
    ],
    [
      'grant types, and response types that need them',
      {
        grant_types: ['authorization_code', 'implicit', 'refresh_token'],
        response_types: ['code', 'id_token'],
      },
      { grant_types: ['authorization_code'], response_types: ['code'] },
    ],
  ])('is narrowed, and the answer and a change show it: %s', async (_, sent, left) => {
    const made = await register(narrow, { redirect_uris: [URI], ...sent })
    expect(made).toMatchObject({ status: 201, ...left })
    const wide = await register(open, { redirect_uris: [URI] })
    const changed = await change(narrow, wide, { redirect_uris: [URI], ...sent })
    expect(changed).toMatchObject({ status: 200, ...left })
  })

  it.each<[string, object, RegExp, RegExp]>([
    ['scope', { scope: 'admin *' }, /^Field 'scope' holds nothing that/, /: openid mcp\.\*\./],
    [
      'audience',
      { audience: ['https://api.example/v1/../admin'] },
      /^Entry 0 of 'audience' must be without dot segment/,
      /^$/,
    ],
    ['audience', { audience: ['https://other.example'] }, /^Field 'audience'/, /https:\/\/api\.example\/v1/],
    ['grant_types', { grant_types: ['implicit'] }, /: authorization_code, client_credentials\./, /^$/],
  ])('is refused where nothing of it is left: %s', async (_, sent, told, logged) => {
    logs.clear()
    const refused = await register(narrow, { redirect_uris: [URI], ...sent })
    expect(refused).toMatchObject({ status: 400, error: 'invalid_client_metadata' })
    expect(refused['error_description']).toMatch(told)
    expect(refused['error_description']).not.toMatch(/mcp|api\.example/)
    expect(String(logs.last('request')?.['why'] ?? '')).toMatch(logged)
    const before = await register(open, { redirect_uris: [URI] })
    const changed = await change(narrow, before, { redirect_uris: [URI], ...sent })
    expect(changed).toMatchObject({ status: 400, error: 'invalid_client_metadata' })
  })

  it('is no default that the policy does not hold', async () => {
    const machines = policy({ ALLOWED_GRANT_TYPES: 'client_credentials' })
    for (const grant_types of [undefined, []])
      expect(await register(machines, { redirect_uris: [URI], grant_types })).toMatchObject({ status: 400 })
    expect(await register(machines, MACHINE)).toMatchObject({ status: 201 })
    const nothing = policy({ ALLOWED_AUDIENCE: '[]' })
    expect(await register(nothing, { redirect_uris: [URI] })).toMatchObject({ status: 201 })
    expect(await register(nothing, { ...MACHINE, audience: ['a'] })).toMatchObject({ status: 400 })
  })

  it('is no owner, by which admins sort clients', async () => {
    const made = await register(open, { ...MACHINE, owner: 'payroll' })
    expect(made).not.toHaveProperty('owner')
    const path = `/admin/clients/${made['client_id']}`
    await open.admin('PUT', `${path}/lifespans`, {})
    await open.admin('PATCH', path, [{ op: 'replace', path: '/owner', value: 'team' }])
    const changed = await change(open, made, { ...MACHINE, owner: 'payroll' })
    expect(changed).toMatchObject({ status: 200, owner: 'team' })
  })
})

describe('redirect URIs of strangers', () => {
  const hosts = { ALLOWED_REDIRECT_HOSTS: 'app.example, *.apps.example, 127.0.0.1, [::1]' }
  const apps = { ...hosts, ALLOWED_REDIRECT_SCHEMES: 'https,http,com.example.app' }

  it.each<[object, string, boolean]>([
    [hosts, 'https://app.example/cb', true],
    [hosts, 'https://APP.example:8443/cb', true],
    [hosts, 'https://sub.app.example/cb', false],
    [hosts, 'https://a.b.apps.example/cb', true],
    [hosts, 'https://apps.example/cb', false],
    [hosts, 'https://evilapps.example/cb', false],
    [hosts, 'https://app.example@evil.example/cb', false],
    [hosts, 'https://evil.example/app.example', false],
    [hosts, 'http://127.0.0.1:5000/cb', true],
    [hosts, 'http://[::1]:5000/cb', true],
    [hosts, 'com.example.app:/cb', false],
    [apps, 'com.example.app:/cb', true],
    [apps, 'com.other.app:/cb', false],
    [{ ALLOWED_REDIRECT_SCHEMES: 'https' }, 'https://any.example/cb', true],
    [{ ALLOWED_REDIRECT_SCHEMES: 'https' }, 'http://localhost/cb', false],
    [{}, 'com.example.app:/cb', true],
  ])('%j: %s, %s', async (settings, uri, allowed) => {
    const on = policy({ ...settings })
    const made = await register(on, { redirect_uris: [uri] })
    expect(made).toMatchObject(allowed ? { status: 201 } : { status: 400, error: 'invalid_redirect_uri' })
    const before = await register(open, { redirect_uris: [URI] })
    const changed = await change(on, before, { redirect_uris: [uri] })
    expect(changed).toMatchObject(allowed ? { status: 200 } : { status: 400, error: 'invalid_redirect_uri' })
  })

  it('bind a client that an admin made, but for those that it has', async () => {
    const own = 'https://partner.example/cb'
    const made = await bodyOf(await open.admin('POST', '/admin/clients', { redirect_uris: [own] }))
    const on = policy(hosts)
    const beyond = { redirect_uris: [own, 'https://evil.example/cb'] }
    expect(await change(on, made, beyond)).toMatchObject({ status: 400, error: 'invalid_redirect_uri' })
    expect(await change(on, made, { redirect_uris: [own, URI] })).toMatchObject({ status: 200 })
  })
})

describe('lifetimes that strangers ask for', () => {
  const FIELDS = {
    client_credentials_grant_access_token_lifespan: '1000000h',
    authorization_code_grant_id_token_lifespan: '90m',
    refresh_token_grant_refresh_token_lifespan: '-1s',
    implicit_grant_access_token_lifespan: '5m',
  }
  const SHOWN = {
    client_credentials_grant_access_token_lifespan: '1h0m0s',
    authorization_code_grant_id_token_lifespan: '1h0m0s',
    refresh_token_grant_refresh_token_lifespan: '720h0m0s',
    implicit_grant_access_token_lifespan: '5m0s',
  }

  it('are no longer than those of the server', async () => {
    const made = await register(open, { ...MACHINE, ...FIELDS })
    expect(made).toMatchObject({ status: 201, ...SHOWN })
    expect(await change(open, made, { ...MACHINE, ...FIELDS })).toMatchObject({ status: 200, ...SHOWN })
  })

  it('are no longer than settings say, asked for or not', async () => {
    const brief = policy({
      MAX_TTL_ACCESS_TOKEN: '10m',
      MAX_TTL_REFRESH_TOKEN: '2000h',
      MAX_TTL_ID_TOKEN: '2h',
    })
    const made = await register(brief, {
      ...MACHINE,
      authorization_code_grant_id_token_lifespan: '90m',
      authorization_code_grant_refresh_token_lifespan: '5000h',
    })
    expect(made).toMatchObject({
      client_credentials_grant_access_token_lifespan: '10m0s',
      implicit_grant_access_token_lifespan: '10m0s',
      authorization_code_grant_id_token_lifespan: '1h30m0s',
      authorization_code_grant_refresh_token_lifespan: '2000h0m0s',
    })
    const client = { id: String(made['client_id']), secret: String(made['client_secret']) }
    const issued = await tokenRequest(brief, client, { grant_type: 'client_credentials' })
    expect(await bodyOf(issued)).toMatchObject({ expires_in: expect.closeTo(600, -1) })
  })

  it('may have no end where those of the server have none', async () => {
    const endless = new Deployment(testEnv({ [`${PREFIX}ENABLED`]: 'true', TTL_REFRESH_TOKEN: '-1' }))
    const field = 'refresh_token_grant_refresh_token_lifespan'
    expect(await register(endless, { ...MACHINE, [field]: '-1s' })).toMatchObject({ [field]: '-1s' })
  })
})
