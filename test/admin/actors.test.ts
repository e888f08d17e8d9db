import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { bindingApp } from '../../src/app.ts'
import { Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'

const lines = new LogLines()

const KEYS =
  'ops@all:key-of-the-operators-1,ops@all:key-of-the-operators-2,ci@key-of-the-builds-1,key-without-name'

/** Makes a client with an API key and returns who the audit line says did. */
async function actorOf(key: string, env = testEnv({ ADMIN_API_KEYS: KEYS })): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const made = await new Deployment(env).fetch('/admin/clients', { method: 'POST', headers, body: '{}' })
  expect(made.status).toBe(201)
  return lines.of('audit').find(({ event }) => event === 'client.created')?.['actor']
}

describe('an audit line of the admin API', () => {
  it.each([
    ['key-of-the-operators-1', 'key:ops'],
    ['key-of-the-operators-2', 'key:ops'],
    ['key-of-the-builds-1', 'key:ci'],
    ['key-without-name', expect.stringMatching(/^key:#.{8}$/)],
  ])('names the API key %s as %s', async (key, actor) => {
    expect(await actorOf(key)).toEqual(actor)
    expect(lines.text()).not.toContain(key)
  })

  it('calls a key without name the same whatever else the list has', async () => {
    const env = testEnv({ ADMIN_API_KEYS: 'new@another-key-in-front,clients:key-without-name' })
    expect(await actorOf('key-without-name', env)).toBe(await actorOf('key-without-name'))
  })

  it('names the entry whose scope allowed it', async () => {
    const env = testEnv({
      ADMIN_API_KEYS: 'reader@keys:key-with-two-scopes,maker@clients:key-with-two-scopes',
    })
    expect(await actorOf('key-with-two-scopes', env)).toBe('key:maker')
  })

  it('names open access', async () => {
    expect(await actorOf('any', testEnv({ ADMIN_AUTH: 'open' }))).toBe('open')
  })

  it('names the entrypoint of a binding', async () => {
    const headers = { 'content-type': 'application/json' }
    const request = new Request('https://ladon/admin/clients', { method: 'POST', headers, body: '{}' })
    const context = createExecutionContext()
    expect((await bindingApp('Admin').fetch(request, testEnv(), context)).status).toBe(201)
    await waitOnExecutionContext(context)
    expect(lines.last('audit')).toMatchObject({ event: 'client.created', actor: 'binding:Admin' })
  })

  it('names no operator at a public endpoint', async () => {
    const env = testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' })
    const headers = { authorization: 'Bearer ladon-test-admin-key', 'content-type': 'application/json' }
    const made = await new Deployment(env).fetch('/oauth2/register', { method: 'POST', headers, body: '{}' })
    expect([made.status, lines.last('audit')?.['event']]).toEqual([201, 'client.created'])
    expect(lines.last('audit')).toMatchObject({ actor: 'anonymous' })
  })
})
