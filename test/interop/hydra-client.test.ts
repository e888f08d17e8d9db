import { Configuration, MetadataApi, type OAuth2Api, OidcApi, WellknownApi } from '@ory/hydra-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { adminSdk } from './support.ts'

let server: RunningServer
let sdk: OAuth2Api

beforeAll(async () => {
  server = await startServer()
  sdk = adminSdk(server)
})

afterAll(() => server.stop())

const configuration = (): Configuration =>
  new Configuration({
    basePath: server.base,
    baseOptions: { headers: { Authorization: `Bearer ${server.adminKey}` } },
  })

describe('@ory/hydra-client, newest, against a real server', () => {
  it('creates, reads, lists, replaces, patches and deletes clients', async () => {
    const { data: made, status } = await sdk.createOAuth2Client({ oAuth2Client: { client_name: 'by sdk' } })
    expect(status).toBe(201)
    expect(made.client_secret).toMatch(/^[\w.~-]{26}$/)
    const id = made.client_id ?? ''
    expect((await sdk.getOAuth2Client({ id })).data).toMatchObject({ client_name: 'by sdk' })
    const listed = await sdk.listOAuth2Clients({ clientName: 'by sdk', pageSize: 10 })
    expect(listed.data.map((client) => client.client_id)).toContain(id)
    const replaced = await sdk.setOAuth2Client({ id, oAuth2Client: { client_name: 'replaced' } })
    expect(replaced.data.client_name).toBe('replaced')
    const jsonPatch = [{ op: 'replace', path: '/client_name', value: 'patched' }]
    expect((await sdk.patchOAuth2Client({ id, jsonPatch })).data.client_name).toBe('patched')
    expect((await sdk.deleteOAuth2Client({ id })).status).toBe(204)
    await expect(sdk.getOAuth2Client({ id })).rejects.toMatchObject({ response: { status: 404 } })
  })

  it('reads metadata, keys, health and version', async () => {
    const oidc = await new OidcApi(configuration()).discoverOidcConfiguration()
    expect(oidc.data.issuer).toBe(server.base)
    const keys = await new WellknownApi(configuration()).discoverJsonWebKeys()
    expect(keys.data.keys?.length).toBeGreaterThanOrEqual(2)
    const metadata = new MetadataApi(configuration())
    expect((await metadata.isAlive()).data).toEqual({ status: 'ok' })
    expect((await metadata.isReady()).data).toEqual({ status: 'ok' })
    expect((await metadata.getVersion()).data.version).toMatch(/^v\d+\.\d+\.\d+$/)
  })

  it('introspects, and lists and revokes sessions of nobody', async () => {
    expect((await sdk.introspectOAuth2Token({ token: 'unknown' })).data).toEqual({ active: false })
    expect((await sdk.listOAuth2ConsentSessions({ subject: 'nobody' })).data).toEqual([])
    expect((await sdk.revokeOAuth2ConsentSessions({ subject: 'nobody', all: true })).status).toBe(204)
    expect((await sdk.revokeOAuth2LoginSessions({ subject: 'nobody' })).status).toBe(204)
  })

  it('is refused without the key', async () => {
    const keyless = adminSdk({ ...server, adminKey: 'not-the-admin-key' })
    await expect(keyless.listOAuth2Clients()).rejects.toMatchObject({ response: { status: 401 } })
  })
})
