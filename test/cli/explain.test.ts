import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Site, startSite } from '../support/site.ts'
import { type Ran, runLadon } from './run.ts'

let site: Site
let answer: unknown

beforeAll(async () => {
  site = await startSite('localhost', () => ({ type: 'application/json', body: JSON.stringify(answer) }))
})
afterAll(() => site.stop())
beforeEach(() => {
  answer = { kind: 'access_token', state: 'active', cause: 'It is good.' }
})

const ladon = (args: readonly string[], input = ''): Promise<Ran> =>
  runLadon(args, { env: { LADON_URL: site.origin, LADON_ADMIN_KEY: 'key' }, input })

describe('ladon explain', () => {
  it('sends what it is given, or what comes in', async () => {
    await ladon(['explain', 'ory_at_x.y'])
    await ladon(['explain', '-'], 'ory_at_from.input\n')
    expect(site.visits.map(({ method, url, body }) => [method, url.pathname, JSON.parse(body)])).toEqual([
      ['POST', '/admin/explain', { text: 'ory_at_x.y' }],
      ['POST', '/admin/explain', { text: 'ory_at_from.input' }],
    ])
  })

  it.each([
    ['active', 0],
    ['pending', 0],
    ['revoked', 1],
    ['refused', 1],
    ['unknown', 1],
  ])('ends as the state says: %s, %i', async (state, code) => {
    answer = { kind: 'code', state, cause: 'Because.' }
    expect(await ladon(['explain', 'x'])).toMatchObject({ code, err: '' })
    expect(await ladon(['explain', 'x', '-q'])).toMatchObject({ code, out: state })
  })

  it('shows of a dead token whose it was, and what ended it', async () => {
    answer = {
      ...{ kind: 'refresh_token', state: 'revoked', cause: 'A token was revoked.', fix: 'Log in again.' },
      client: { client_id: 'shop', client_name: 'Shop\u001b[31m', exists: false },
      ...{ subject: 'alice', ended_by: 'token_revoked', login_session: { sid: 'sid-1', active: false } },
    }
    const { out } = await ladon(['explain', 'x'])
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['KIND', 'refresh_token'],
      ['STATE', 'revoked'],
      ['CAUSE', 'A token was revoked.'],
      ['FIX', 'Log in again.'],
      ['ENDED BY', 'token_revoked'],
      ['CLIENT', 'shop (Shop[31m) (there is none)'],
      ['SUBJECT', 'alice'],
      ['SESSION', 'sid-1'],
    ])
  })

  it('lists the checks of a request, with what to do', async () => {
    const failed = {
      ...{ check: 'address', outcome: 'failed', cause: 'It is not registered.', fix: 'Register it.' },
      nearest: 'https://app.example/cb',
    }
    const others = [
      { check: 'client', outcome: 'passed' },
      { check: 'scope', outcome: 'not_reached' },
    ]
    answer = {
      kind: 'authorization_request',
      state: 'refused',
      cause: '1 of 3.',
      checks: [...others, failed],
    }
    const { out, code } = await ladon(['explain', 'https://op.example/oauth2/auth?client_id=x'])
    expect(code).toBe(1)
    expect(out.split('\n').slice(4)).toEqual([
      'passed  client',
      '-       scope',
      'FAILED  address',
      '          It is not registered.',
      '          Register it.',
      '          Registered is https://app.example/cb',
    ])
  })

  it('is called wrongly without a text', async () => {
    expect(await ladon(['explain'])).toMatchObject({ code: 2 })
    expect(await ladon(['explain', '-'], ' \n')).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('nothing to explain') },
    })
  })
})
