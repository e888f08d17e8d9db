import { describe, expect, it } from 'vitest'
import { scheduled } from '../../src/scheduled.ts'
import { makeKey } from '../support/assertions.ts'
import { aroundD1 } from '../support/bindings.ts'
import { Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { registerClient, tokenRequest } from '../support/relying-party.ts'
import { trust } from '../support/trust.ts'

const lines = new LogLines()
const env = testEnv()
const deployment = new Deployment(env)

const failures = () => lines.of('job.failed').map(({ task, reason }) => [task, reason])

describe('the scheduled job', () => {
  it.each([
    ['clients', 'metadata', `UPDATE clients SET metadata = '{' WHERE id = ?`],
    ['json-web-keys', 'public_jwk', `UPDATE json_web_keys SET public_jwk = '{' WHERE kid = ?`],
  ])('names a damaged row of %s, and gives all others their copies', async (table, place, damage) => {
    const damaged = `damaged-${table}`
    await deployment.admin('POST', '/admin/clients', { client_id: damaged })
    for (const kid of [damaged, `good-${table}`])
      await deployment.admin('POST', `/admin/keys/${kid}`, { alg: 'ES256', kid })
    const good = await registerClient(deployment)
    await trust(deployment, await makeKey('ES256'), `https://issuer.example/${table}`)
    await env.DB.prepare(damage).bind(damaged).run()
    for (const { name } of (await env.COPIES.list()).keys) await env.COPIES.delete(name)

    await expect(scheduled(testEnv())).rejects.toMatchObject({ reason: 'stored_unreadable' })
    expect(lines.of('store.row_unreadable')).toEqual([
      { kind: 'store.row_unreadable', table, key: damaged, place },
    ])
    expect(failures()).toEqual([['copies', 'stored_unreadable']])
    const kept = (await env.COPIES.list()).keys.map(({ name }) => name.split(':', 1)[0])
    expect(kept).toEqual(expect.arrayContaining(['clients', 'issuers', 'json-web-keys', 'root-keys']))

    // The copies are good for what they are for: an isolate that begins while D1 is away.
    const DB = aroundD1(env.DB, () => Promise.reject(new Error('down')))
    const cold = new Deployment({ ...testEnv(), DB })
    const answer = await tokenRequest(cold, good, { grant_type: 'client_credentials' })
    expect(answer.status).toBe(200)

    for (const path of [`/admin/clients/${damaged}`, `/admin/keys/${damaged}`])
      expect((await deployment.admin('DELETE', path)).status).toBe(204)
    lines.clear()
    await scheduled(testEnv())
    expect(failures()).toEqual([])
  })

  it('says in the log why each part failed', async () => {
    const broken = testEnv({ SECRETS_SYSTEM: 'a-system-secret-that-opens-no-row-here' })
    await expect(scheduled(broken)).rejects.toMatchObject({ code: 'misconfiguration' })
    expect(failures()).toContainEqual(['root_keys', 'setting_unusable'])
    lines.clear()
    await expect(scheduled(testEnv({ URLS_SELF_ISSUER: '' }))).rejects.toMatchObject({
      code: 'misconfiguration',
    })
    expect(lines.of('job.failed')).toMatchObject([
      { task: 'settings', facts: [expect.stringContaining('URLS_SELF_ISSUER')] },
    ])
  })

  it('looks at a hundred clients with fewer queries than the free plan allows a run, which are 50', async () => {
    const ids = Array.from({ length: 100 }, (_, at) => `many-${at}`)
    await Promise.all(ids.map((id) => deployment.admin('POST', '/admin/clients', { client_id: id })))
    let queries = 0
    const DB = aroundD1(env.DB, (method, call, [statements]) => {
      queries += method === 'batch' ? [statements].flat().length : 1
      return call()
    })
    await scheduled({ ...testEnv(), DB })
    expect(queries).toBeLessThan(50)
  })
})
