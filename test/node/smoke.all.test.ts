import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, type RunningServer, startServer } from '../support/server.ts'
import { ladon } from './ladon.ts'

describe('npm run smoke', () => {
  let server: RunningServer

  beforeAll(async () => {
    server = await startServer()
  })

  afterAll(() => server.stop())

  const smoke = (key: string, ...args: readonly string[]) =>
    ladon(['smoke', ...args], { LADON_ADMIN_KEY: key })

  const clients = async (): Promise<readonly { readonly client_id: string }[]> => {
    const headers = { authorization: `Bearer ${server.adminKey}` }
    return (await fetch(`${server.base}/admin/clients`, { headers })).json()
  }

  it('goes through every step, gets the notice, and leaves nothing behind', async () => {
    const before = await clients()
    const { code, output } = await smoke(server.adminKey, server.base, '--notices', String(await freePort()))
    expect([code, output]).toEqual([0, expect.stringContaining('Everything works.')])
    const steps = output.split('\n').filter((line) => line.startsWith('ok '))
    expect(steps.map((line) => line.slice(8).split('  ')[0])).toEqual([
      'ready',
      'discovery and keys',
      'the admin API is closed to others',
      'a client is made',
      'client_credentials and introspection',
      'login, consent, code, ID token',
      'userinfo',
      'refresh',
      'introspection',
      'revocation',
      'login again by the session',
      'logout',
      'back-channel notice',
      'the user is erased',
      'the client is deleted',
    ])
    expect(await clients()).toEqual(before)
    expect(output).not.toContain(server.adminKey)
  })

  it('says which step failed and why, without the key', async () => {
    const { code, output } = await smoke('not-the-admin-key-of-anybody', server.base)
    expect(code).toBe(1)
    expect(output).toMatch(/FAILED {2}a client is made .*401.*The API key is unknown/)
    expect(output).not.toContain('not-the-admin-key')
  })

  it('says that it did not try notices', async () => {
    const { code, output } = await smoke(server.adminKey, server.base)
    expect([code, output]).toEqual([0, expect.stringContaining('notices were not tried')])
  })

  it.each([
    ['no answer', 'http://localhost:9', [], 3, 'no answer from http://localhost:9'],
    ['the key over plain http', 'http://login.example', [], 2, 'only sent over https'],
    ['no address', '', [], 2, 'Usage:'],
    ['a port that is none', 'https://login.example', ['--notices', 'x'], 2, 'needs a port'],
    [
      'notices to a far server without an address',
      'https://login.example',
      ['--notices', '9999'],
      2,
      '--notices-url',
    ],
    ['a header that is none', 'https://login.example', ['--header', 'x'], 2, "'Name: value'"],
  ])('%s: tells so', async (_case, address, more, code, text) => {
    const result = await smoke('a-key-of-nobody', address, ...more)
    expect([result.code, result.output]).toEqual([code, expect.stringContaining(text)])
  })
})
