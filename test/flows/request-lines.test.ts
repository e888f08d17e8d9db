import { describe, expect, it, vi } from 'vitest'
import { Deployment, testEnv } from '../support/deployment.ts'
import { poll, registerDeviceClient, startDevice } from '../support/device.ts'
import { LogLines } from '../support/log-lines.ts'
import { logIn, redeem, refresh, registerClient, tokenRequest } from '../support/relying-party.ts'

const lines = new LogLines()
const logging = (share: string): Deployment => new Deployment(testEnv({ LOG_REQUESTS: share }))
const CLIENT_CREDENTIALS = { grant_type: 'client_credentials' }

/** Request ids whose first 32 bits are the smallest, a middle and the largest number. */
const LOW = '00000000-0000-4000-8000-000000000000'
const MIDDLE = '7fffffff-0000-4000-8000-000000000000'
const HIGH = 'ffffffff-0000-4000-8000-000000000000'

describe('which requests have a line', () => {
  it.each([
    ['all', [LOW, MIDDLE, HIGH]],
    ['errors', []],
    ['0.5', [LOW, MIDDLE]],
    ['50%', [LOW, MIDDLE]],
    ['0.02', [LOW]],
    ['', [LOW]],
  ])('with LOG_REQUESTS=%s their ids decide', async (share, logged) => {
    const deployment = logging(share)
    const ids = vi.spyOn(crypto, 'randomUUID')
    for (const id of [LOW, MIDDLE, HIGH]) {
      ids.mockReturnValueOnce(id as ReturnType<typeof crypto.randomUUID>)
      await deployment.fetch('/health/alive')
    }
    expect(lines.of('request').map((line) => line['request_id'])).toEqual(logged)
  })

  it('one that failed has one always, whatever its id', async () => {
    const deployment = logging('errors')
    const client = await registerClient(deployment)
    lines.clear()
    await redeem(deployment, client, 'ory_ac_forged.forged')
    await deployment.fetch('/oauth2/auth?client_id=nobody')
    await deployment.fetch('/nowhere')
    expect(lines.of('request').map((line) => [line['status'], line['reason']])).toEqual([
      [400, 'code_unknown'],
      [302, 'client_unregistered'],
      [404, 'path_unknown'],
    ])
  })

  it('one that was warned of has one too', async () => {
    const deployment = logging('errors')
    await deployment.admin('POST', '/admin/clients', { redirect_urls: [] })
    expect(lines.last('request')).toMatchObject({ status: 201, warnings: [expect.any(String)] })
  })

  it('a device that polls is no failure', async () => {
    const deployment = logging('errors')
    const client = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    lines.clear()
    expect((await poll(deployment, client, device)).status).toBe(400)
    expect(lines.of('request')).toEqual([])
  })
})

describe('one line a request', () => {
  it('tells which grant the tokens are of, and how a refresh went', async () => {
    const deployment = logging('all')
    const client = await registerClient(deployment)
    const tokens = await logIn(deployment, client)
    const redeemed = lines.last('request')
    expect(redeemed).toMatchObject({ grant_type: 'authorization_code', grant: expect.any(String) })
    lines.clear()
    await refresh(deployment, client, tokens.refresh_token)
    await refresh(deployment, client, tokens.refresh_token)
    await tokenRequest(deployment, client, CLIENT_CREDENTIALS)
    const { grant } = redeemed ?? {}
    expect(lines.text().split('\n')).toHaveLength(3)
    expect(lines.of('request')).toMatchObject([
      { grant_type: 'refresh_token', grant, generation: 2, via: 'advance' },
      { grant_type: 'refresh_token', grant, generation: 2, via: 'grace' },
      { grant_type: 'client_credentials' },
    ])
  })

  it('names the operator of an admin call', async () => {
    const env = testEnv({ LOG_REQUESTS: 'all', ADMIN_API_KEYS: 'ops@all:ladon-test-admin-key' })
    await new Deployment(env).admin('GET', '/admin/clients')
    expect(lines.of('request')).toMatchObject([{ route: '/admin/clients', actor: 'key:ops' }])
  })
})
