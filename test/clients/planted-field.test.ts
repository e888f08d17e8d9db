import * as v from 'valibot'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { Deployment } from '../support/deployment.ts'
import { patient } from '../support/patient.ts'

const REDIRECT_URIS = ['https://app.example/cb']
const LIFESPAN = 'planted_grant_access_token_lifespan'

// Rows of the table, and nothing else.
vi.mock('../../src/store/client-fields.ts', async (original) => {
  const table = await original<typeof import('../../src/store/client-fields.ts')>()
  const { flag, further, lifespan, list, text } = await import('../../src/store/client-field.ts')
  const planted = {
    planted_text: text({ bound: 'pinned', values: ['one', 'two', 'three'] }, 'one'),
    planted_list: list({ shown: 'unless-empty', values: ['a', 'b'] }),
    planted_uri: text({ shown: 'unless-empty', url: true, localized: true }),
    planted_flag: flag({ reserved: { refusal: 'invalid_request', kept: true } }),
    planted_note: text({ shown: 'to-admins', reserved: { refusal: 'malformed_body', kept: false } }, 'none'),
    planted_number: further(v.number(), v.pipe(v.number(), v.minValue(1))),
    planted_grant_access_token_lifespan: lifespan(),
  }
  return { ...table, CLIENT_FIELDS: { ...table.CLIENT_FIELDS, ...planted } }
})

// The Worker was loaded with the table as it is: it is loaded anew, with the planted rows.
vi.resetModules()
const { bodyOf, Deployment: Server, testEnv } = await import('../support/deployment.ts')
const { ClientStore } = await import('../../src/store/clients.ts')

const env = testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' })
const deployment: Deployment = new Server(env)

const SET = {
  planted_text: 'two',
  planted_list: ['a'],
  planted_uri: 'https://app.example/planted',
  'planted_uri#de': 'https://app.example/de/planted',
  planted_flag: true,
  planted_note: 'not for the client',
  planted_number: 7,
  [LIFESPAN]: '1h0m0s',
}
const OWN = { planted_text: 'one', planted_flag: false }

let id: string
let token: string

const own = (method: string, body?: object): Promise<Response> =>
  deployment.fetch(`/oauth2/register/${id}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify({ redirect_uris: REDIRECT_URIS, ...body }) }),
  })

const planted = (shown: Readonly<Record<string, unknown>>): unknown =>
  Object.fromEntries(Object.entries(shown).filter(([name]) => name.startsWith('planted_')))

beforeAll(async () => {
  const created = await bodyOf(
    await deployment.admin('POST', '/admin/clients', { redirect_uris: REDIRECT_URIS, ...SET }),
  )
  expect(planted(created)).toEqual(SET)
  id = String(created['client_id'])
  token = String(created['registration_access_token'])
})

describe('a field that is a row of the table and nothing else', () => {
  it('is stored, and shown to admins', async () => {
    expect((await new ClientStore(patient(env)).read(id))?.metadata).toMatchObject({
      planted_text: 'two',
      planted_flag: true,
      planted_number: 7,
      localized: { 'planted_uri#de': SET['planted_uri#de'] },
      [LIFESPAN]: SET[LIFESPAN],
    })
    expect(planted(await bodyOf(await deployment.admin('GET', `/admin/clients/${id}`)))).toEqual(SET)
  })

  it('is shown to the client itself unless it is for admins', async () => {
    const { planted_note: _, ...shown } = SET
    expect(planted(await bodyOf(await own('GET')))).toEqual(shown)
  })

  it('has its default where it was not sent, and in a row of an older release', async () => {
    const created = await bodyOf(await deployment.admin('POST', '/admin/clients', {}))
    expect(planted(created)).toEqual({ ...OWN, planted_note: 'none' })
    const without = Object.keys(SET).map((name) => `'$.${name}'`)
    await env.DB.prepare(
      `UPDATE clients SET metadata = json_remove(metadata, ${without.join()}) WHERE id = ?`,
    )
      .bind(created['client_id'])
      .run()
    const old = await deployment.admin('GET', `/admin/clients/${created['client_id']}`)
    expect(planted(await bodyOf(old))).toEqual({ ...OWN, planted_note: 'none' })
  })

  it.each<[string, unknown, string]>([
    ['planted_text', 5, 'The request was malformed or contained invalid parameters'],
    ['planted_text', 'four', 'invalid_client_metadata'],
    ['planted_list', ['a', 'c'], 'invalid_client_metadata'],
    ['planted_list', 'a', 'The request was malformed or contained invalid parameters'],
    ['planted_uri', 'ftp://app.example', 'invalid_client_metadata'],
    ['planted_uri', 'https://app.example/\u0007', 'invalid_client_metadata'],
    ['planted_uri#de', 'ftp://app.example', 'invalid_client_metadata'],
    ['planted_number', 0, 'invalid_client_metadata'],
    ['planted_number', '1', 'invalid_client_metadata'],
    [LIFESPAN, 'soon', 'The request was malformed or contained invalid parameters'],
  ])('is judged: %s %j', async (field, value, error) => {
    const response = await deployment.admin('POST', '/admin/clients', { [field]: value })
    expect([response.status, (await bodyOf(response))['error']]).toEqual([400, error])
  })

  it.each<[string, unknown, string]>([
    ['planted_flag', true, 'invalid_request'],
    ['planted_note', 'x', 'The request was malformed or contained invalid parameters'],
    ['planted_text', 'three', 'invalid_client_metadata'],
    [LIFESPAN, '2h', 'invalid_client_metadata'],
  ])('is not for the client to set, or only so far: %s %j', async (field, value, error) => {
    const response = await own('PUT', { [field]: value })
    expect([response.status, (await bodyOf(response))['error']]).toEqual([400, error])
  })

  it('is replaced by the client as far as it is its own', async () => {
    const { planted_note: _note, planted_list: _list, ...kept } = SET
    const { planted_uri: _uri, 'planted_uri#de': _german, planted_number: _number, ...left } = kept
    const changed = await own('PUT', {})
    expect(planted(await bodyOf(changed))).toEqual(left)
    const shown = await bodyOf(await deployment.admin('GET', `/admin/clients/${id}`))
    expect(planted(shown)).toEqual({ ...left, planted_note: 'none' })
  })

  it('is a lifespan among the others', async () => {
    const path = `/admin/clients/${id}/lifespans`
    const shown = await bodyOf(await deployment.admin('PUT', path, { [LIFESPAN]: '3h' }))
    expect(shown[LIFESPAN]).toBe('3h0m0s')
  })
})
