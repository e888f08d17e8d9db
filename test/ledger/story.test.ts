import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { plantGrants } from './rows.ts'
import { advance, FLOW, newAttempt, Subject, seconds, stopClock } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

const flowLifetime = FLOW
const told = async (user: Subject, generation: number | null = null) =>
  user.call('story', { id: user.id, sid: null, generation })

const ending = (user: Subject, target: 'all' | { readonly sid: string }, revoke: boolean) =>
  user.call('endSessions', { attempt: newAttempt(), target, flowLifetime, notify: true, revoke })
const revokeConsents = (
  user: Subject,
  target: 'all' | { readonly id: string } | { readonly clientId: string },
) => user.call('revokeGrants', { attempt: newAttempt(), target, flowLifetime })

/** What may end the tokens of a grant, and by what name it is told. */
const ENDS: readonly (readonly [by: string, what: string, (user: Subject) => Promise<unknown>])[] = [
  [
    'token_revoked',
    'the revocation of a token',
    (user) => user.call('revokeGrant', { attempt: newAttempt(), id: user.id, clientId: 'app', flowLifetime }),
  ],
  ['consent_revoked', 'the revocation of its consent', (user) => revokeConsents(user, { id: user.id })],
  ['consent_revoked', "that of the client's consents", (user) => revokeConsents(user, { clientId: 'app' })],
  ['consent_revoked', 'that of all consents', (user) => revokeConsents(user, 'all')],
  ['code_reused', 'a code that came twice', (user) => user.call('redeem', user.redeemInput())],
  [
    'refresh_token_reused',
    'a refresh token that came again too late',
    async (user) => {
      await user.call('refresh', user.refreshInput(1))
      return user.call('refresh', user.refreshInput(1, { grace: { seconds: 0, uses: 0 } }))
    },
  ],
  ['session_ended', 'the end of its session', (user) => ending(user, { sid: user.sid }, true)],
  ['all_sessions_ended', 'the end of all sessions', (user) => ending(user, 'all', true)],
]

describe.each([false, true])('of a grant whose consent is remembered: %s', (remember) => {
  it.each(ENDS)('tells %s of %s, and when', async (by, _what, act) => {
    const user = new Subject()
    await user.issued({}, { record: { remember } })
    expect((await told(user)).grant).toMatchObject({ ended: null, clientId: 'app', generation: 1 })
    advance(100)
    const at = seconds()
    await act(user)
    advance(5)
    expect((await told(user)).grant?.ended).toEqual({ by, at })
    expect((await told(user)).session).toMatchObject({ subject: user.name })
  })
})

it('keeps what ended the tokens first', async () => {
  const user = new Subject()
  await user.issued({}, { record: { remember: true } })
  const at = seconds()
  await user.call('revokeGrant', { attempt: newAttempt(), id: user.id, clientId: 'app', flowLifetime })
  advance(5)
  await revokeConsents(user, { id: user.id })
  expect((await told(user)).grant).toMatchObject({ ended: { by: 'token_revoked', at }, consented: null })
})

it.each([
  ['all_sessions_ended', (user: Subject) => ending(user, 'all', true)],
  ['session_ended', (user: Subject) => ending(user, { sid: user.sid }, true)],
])('keeps %s also of a grant whose row that did not come to', async (by, act) => {
  const user = new Subject()
  await user.issued({}, { record: { remember: true } })
  await plantGrants(user, 150, { id: "one.id || printf('-%03d', n)" })
  const at = seconds()
  await act(user)
  advance(5)
  const id = `${user.id}-140`
  await revokeConsents(user, { id })
  const { grant } = await user.call('story', { id, sid: null, generation: null })
  expect(grant).toMatchObject({ ended: { by, at }, consented: null })
})

it('does not know what ended the tokens of a row of an older release, whatever ends its consent', async () => {
  const user = new Subject()
  await user.issued({}, { record: { remember: true } })
  await user.call('revokeGrant', { attempt: newAttempt(), id: user.id, clientId: 'app', flowLifetime })
  await runInDurableObject(user.stub, (_ledger, { storage }) => {
    storage.sql.exec('UPDATE logins SET ended_by = NULL, ended_at = NULL WHERE kind = 0').toArray()
  })
  await revokeConsents(user, { id: user.id })
  expect((await told(user)).grant).toMatchObject({ ended: { by: null, at: null }, consented: null })
})

it('tells what was granted, and when a generation was superseded', async () => {
  const user = new Subject()
  await user.issued()
  expect((await told(user, 1)).grant).toMatchObject({ generation: 1, supersededAt: null })
  const at = seconds()
  await user.call('refresh', user.refreshInput(1))
  advance(3)
  expect((await told(user, 1)).grant).toMatchObject({
    generation: 2,
    supersededAt: at * 1000,
    consented: { subject: user.name, scope: ['openid', 'offline'] },
  })
})

it('tells of a grant that expired, as long as its row is there', async () => {
  const user = new Subject()
  await user.consented()
  advance(FLOW + 100)
  expect(await user.inspect(0)).toBeNull()
  expect((await told(user)).grant).toMatchObject({
    generation: 0,
    ended: null,
    codeExpires: seconds() - FLOW + 500,
  })
})

it('tells when a session ended, by itself or with all others', async () => {
  for (const target of [{ sid: 'own' }, 'all'] as const) {
    const user = new Subject()
    await user.issued()
    const at = seconds()
    await ending(user, target === 'all' ? target : { sid: user.sid }, false)
    advance(5)
    const { session, grant } = await user.call('story', { id: user.id, sid: user.sid, generation: null })
    expect(session).toMatchObject({ ended: true, endedAt: at })
    expect(grant).toMatchObject({ ended: null })
  }
})

it('tells nothing of what was erased, nor of what never was', async () => {
  const user = new Subject()
  expect(await told(user)).toEqual({ grant: null, session: null, revokedMs: 0 })
  await user.issued()
  await user.call('erase', { attempt: newAttempt(), flowLifetime, endsProviderSession: false })
  const erased = await user.call('story', { id: user.id, sid: user.sid, generation: 1 })
  expect(erased).toMatchObject({ grant: null, session: null })
})

it('tells what became of a device', async () => {
  const device = new Subject()
  const asked = { id: 'device-1', request: 'client_id=tv', expiresAt: seconds() + 600 }
  expect(await device.call('deviceStory', { id: null })).toBeNull()
  await device.call('openDevice', { attempt: newAttempt(), ...asked })
  const known = { request: 'client_id=tv', status: 'pending', expires: asked.expiresAt, grantId: null }
  expect(await device.call('deviceStory', { id: 'device-1' })).toEqual(known)
  expect(await device.call('deviceStory', { id: 'device-2' })).toBeNull()
  await device.call('settleDevice', { attempt: newAttempt(), id: 'device-1', grant: null })
  expect(await device.call('deviceStory', { id: null })).toEqual({ ...known, status: 'denied' })
})
