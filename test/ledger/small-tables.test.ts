import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { directoryOf, grantIdFor, sessionPrefix } from '../../src/ledger/owner.ts'
import { sidOf } from '../../src/util/ids.ts'
import { advance, newAttempt, Subject, seconds, stopClock } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

describe('spent ids', () => {
  it('are spent by one attempt, until a minute after they expire', async () => {
    const user = new Subject()
    const input = { attempt: newAttempt(), id: 'jti', expiresAt: seconds() + 60 }
    expect(await user.call('isIdRevoked', { id: 'jti' })).toBe(false)
    expect(await user.call('consumeId', input)).toEqual({ first: true })
    expect(await user.call('consumeId', input)).toEqual({ first: true })
    expect(await user.call('consumeId', { ...input, attempt: newAttempt() })).toEqual({ first: false })
    expect(await user.call('isIdRevoked', { id: 'jti' })).toBe(true)
    expect(await user.call('isIdRevoked', { id: 'other' })).toBe(false)
    advance(60 + 59)
    // Whoever found it in time may be this late to spend it.
    expect(await user.call('isIdRevoked', { id: 'jti' })).toBe(true)
    expect(await user.call('consumeId', { ...input, attempt: newAttempt() })).toEqual({ first: false })
    advance(1)
    expect(await user.call('isIdRevoked', { id: 'jti' })).toBe(false)
    const next = { attempt: newAttempt(), id: 'jti', expiresAt: seconds() + 60 }
    expect(await user.call('consumeId', next)).toEqual({ first: true })
  })

  it('have one winner among parallel callers', async () => {
    const user = new Subject()
    const spend = () =>
      user.call('consumeId', { attempt: newAttempt(), id: 'jti', expiresAt: seconds() + 60 })
    const results = await Promise.all(Array.from({ length: 20 }, spend))
    expect(results.filter((result) => result.first)).toHaveLength(1)
  })
})

describe('blobs', () => {
  it('are there until they expire', async () => {
    const user = new Subject()
    const data = 'x'.repeat(64 * 1024)
    expect(await user.call('getBlob', { id: 'context' })).toBeNull()
    await user.call('putBlob', { id: 'context', data, expiresAt: seconds() + 60 })
    advance(30)
    await user.call('putBlob', { id: 'context', data, expiresAt: seconds() + 60 })
    await user.call('putBlob', { id: 'context', data, expiresAt: seconds() + 10 })
    advance(59)
    expect(await user.call('getBlob', { id: 'context' })).toBe(data)
    advance(1)
    expect(await user.call('getBlob', { id: 'context' })).toBeNull()
  })
})

describe('directory', () => {
  it('finds the owner by session id, by grant id and by nothing else', async () => {
    const user = new Subject()
    const sid = sidOf(crypto.randomUUID())
    const entry = { sid, owner: 'owner-1' }
    await user.call('bindSession', entry)
    await user.call('bindSession', entry)
    await user.call('bindSession', { sid: crypto.randomUUID(), owner: 'owner-2' })
    const grantId = grantIdFor(sid)
    expect(directoryOf(grantId, 'none')).toBe(directoryOf(sid, 'none'))
    for (const prefix of [sid, sessionPrefix(grantId)]) {
      expect(await user.call('owners', { prefix })).toEqual([entry])
    }
    for (const prefix of ['', `${sid}0`, 'zz']) expect(await user.call('owners', { prefix })).toEqual([])
    await user.call('unbindSessions', { sids: [sid] })
    expect(await user.call('owners', { prefix: sid })).toEqual([])
  })
})
