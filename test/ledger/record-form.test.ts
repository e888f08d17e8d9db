import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { encodeRecord, type GrantRecord, readConsent, readRecord } from '../../src/ledger/grant-record.ts'
import { toBase64url } from '../../src/util/base64url.ts'
import { clientIdOf, grantIdOf } from '../../src/util/ids.ts'
import { asMeant, Subject, seconds } from './support.ts'

const random = (bytes: number): string => toBase64url(crypto.getRandomValues(new Uint8Array(bytes)))

/** An ordinary request of a client that uses PKCE and OpenID Connect. */
const queryOf = (client: string, changes: Readonly<Record<string, string>> = {}): string =>
  new URLSearchParams({
    ...{ client_id: client, redirect_uri: 'https://app.example.com/auth/callback', response_type: 'code' },
    ...{ scope: 'openid profile email offline_access', state: random(32), nonce: random(32) },
    ...{ code_challenge: random(32), code_challenge_method: 'S256', ...changes },
  }).toString()

const SCOPE = ['openid', 'profile', 'email', 'offline_access']

/** What an ordinary login app and an ordinary consent app say. */
function ordinary(user: Subject): Parameters<Subject['record']>[0] & { query: string } {
  const clientId = crypto.randomUUID()
  const query = queryOf(clientId)
  return {
    ...{ clientId, query, instance: random(8), scope: SCOPE, requestedScope: SCOPE, subject: user.name },
    ...{ nonce: new URLSearchParams(query).get('nonce'), amr: ['pwd'], acr: '' },
    accessTokenClaims: { roles: ['reader'], tenant: 't-123' },
    idTokenClaims: { name: 'Alice Example', email: 'alice@example.com', email_verified: true },
  }
}

it('an ordinary grant takes less than 1,500 bytes', async () => {
  const user = new Subject()
  await user.call('login', user.loginInput())
  const size = () => runInDurableObject(user.stub, (_ledger, { storage }) => storage.sql.databaseSize)
  const before = await size()
  const grants = 1000
  await runInDurableObject(user.stub, async (ledger) => {
    for (let grant = 0; grant < grants; grant += 1) {
      const record = ordinary(user)
      const id = crypto.randomUUID()
      const input = { id, attempt: crypto.randomUUID(), digest: random(32), record }
      const { run } = ledger as unknown as {
        run: (method: string, input: object, protocol: number) => unknown
      }
      run.call(ledger, 'grant', asMeant<'grant'>(user.grantInput(input)), 1)
      const redeeming = { id, attempt: crypto.randomUUID(), clientId: String(record.clientId) }
      const redeemed = run.call(ledger, 'redeem', user.redeemInput(redeeming), 1)
      expect(redeemed).toMatchObject({ status: 'issued' })
    }
  })
  expect(((await size()) - before) / grants).toBeLessThan(1500)
})

describe('a record', () => {
  const client = clientIdOf('c-1')
  const user = new Subject()
  const base = (over: Parameters<Subject['record']>[0]): GrantRecord =>
    asMeant<'grant'>(user.grantInput({ record: { ...ordinary(user), clientId: client, ...over } })).record

  it.each([
    ['an ordinary one', {}],
    ['one that says nothing', { scope: [], requestedScope: [], nonce: null, amr: [], query: '' }],
    ['less granted than requested', { scope: ['openid'], requestedScope: SCOPE }],
    ['an audience', { audience: ['https://api.example'], requestedAudience: ['https://api.example', 'b'] }],
    ['another nonce than the query has', { nonce: 'other' }],
    ['no nonce though the query has one', { nonce: null }],
    ['a query without the client', { query: 'user_code=ABCD' }],
    ['a query with the client twice', { query: 'client_id=c-1&client_id=c-1' }],
    ['a query with another client like it', { query: 'x_client_id=c-1&client_id=c-10' }],
    ['scopes given twice', { query: 'client_id=c-1&scope=openid&scope=a' }],
    ['a query that is not well encoded', { query: 'client_id=c-1&scope=%E0%A4%A&nonce=%zz' }],
    ['a scope with an empty name', { query: 'scope=', scope: [''], requestedScope: [''] }],
    ['a remembered one, pairwise', { remember: true, rememberFor: 60, pairwise: { sub: 'p', sid: 'q' } }],
    [
      'empty claims and a context',
      { accessTokenClaims: {}, idTokenClaims: {}, context: {}, consentEpoch: 3 },
    ],
    ['names like the short ones', { accessTokenClaims: { s: 1, q: 2 }, context: { v: 9 }, claims: ['s'] }],
  ] as const)('is read as it was written: %s', (_name, over) => {
    const record = base(over as Parameters<Subject['record']>[0])
    const id = grantIdOf('grant-1')
    const row = { id, client, sid: record.sid, granted_at: record.handledAt, record: encodeRecord(record) }
    const { channel: _channel, ...given } = { id, ...record }
    expect(readRecord(row)).toEqual(given)
    expect(readConsent(row)).toEqual(given)
    expect(row.record).not.toContain(`"${String(record.sid)}"`)
  })

  it('is read as release 5 wrote it', () => {
    const stored =
      '{"v":2,"s":"alice","i":"instance-1","q":"client_id=\u007f&scope=openid+offline&nonce=n+1","r":1700000000,"t":1700000001,"a":["https://api.example"],"ra":[],"acr":"0","at":{"plan":"gold"},"remember":true}'
    const row = { id: grantIdOf('grant-1'), client, sid: user.sid, granted_at: seconds(), record: stored }
    expect(readConsent(row)).toEqual({
      ...{ id: 'grant-1', clientId: 'c-1', sid: user.sid, handledAt: row.granted_at, subject: 'alice' },
      ...{ instance: 'instance-1', query: 'client_id=c-1&scope=openid+offline&nonce=n+1', nonce: 'n 1' },
      ...{ requestedAt: 1700000000, authTime: 1700000001, audience: ['https://api.example'] },
      ...{ scope: ['openid', 'offline'], requestedScope: ['openid', 'offline'], requestedAudience: [] },
      ...{ acr: '0', amr: [], remember: true, rememberFor: 0, context: null, idTokenClaims: {} },
      accessTokenClaims: { plan: 'gold' },
    })
  })

  it('keeps members of a newer release when it is written again', () => {
    const record = base({})
    const row = { id: grantIdOf('g'), client, sid: record.sid, granted_at: seconds() }
    const newer = { ...JSON.parse(encodeRecord(record)), added: [1] }
    const read = readConsent({ ...row, record: JSON.stringify(newer) })
    expect(JSON.parse(encodeRecord(read))).toMatchObject({ added: [1] })
  })
})
