import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RootKeySeal } from '../../src/crypto/root-key-seal.ts'
import type { RootKey, RootKeys } from '../../src/crypto/root-keys.ts'
import type { RootKeyRow } from '../../src/crypto/types.ts'
import { kvCache } from '../../src/store/cache-kv.ts'
import { fromBase64url, toBase64url } from '../../src/util/base64url.ts'
import { nowMs } from '../../src/util/clock.ts'
import { testEnv } from '../support/bindings.ts'
import { patient } from '../support/patient.ts'
import {
  changedByHand,
  emptyInstallation,
  type Installation,
  later,
  OTHER_SECRET,
  rootRows,
  SAMPLE_ROW,
  SECRET,
} from './installation.ts'

const env = testEnv()
let installation: Installation
let lines: string[]

beforeEach(async () => {
  installation = await emptyInstallation()
  lines = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => {
    lines.push(line)
  })
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const isolate = (...secrets: readonly string[]): RootKeys => installation.roots(...secrets)

/** An id that the oldest key tagged, as rotation makes it. */
async function makeId(): Promise<string> {
  const root = await isolate().current()
  const random = crypto.getRandomValues(new Uint8Array(3))
  const tag = (await root.derive('ladon root-key-id 1').sign(random)).subarray(0, 3)
  return toBase64url(new Uint8Array([...random, ...tag]))
}

/** What the key that a root key derives for a purpose makes of nothing: equal for equal keys. */
const derived = async (root: RootKey, purpose: string): Promise<string> =>
  toBase64url(await root.derive(purpose).sign(new Uint8Array(0)))

/** A further key. */
async function addKey(): Promise<string> {
  const id = await makeId()
  const sealed = await new RootKeySeal(SECRET).seal(id, crypto.getRandomValues(new Uint8Array(32)))
  const insert = env.DB.prepare('INSERT INTO root_keys (id, sealed, created_at) VALUES (?, ?, ?)')
  await env.DB.batch([
    insert.bind(id, sealed, Math.floor(Date.now() / 1000) + 1),
    env.DB.prepare("UPDATE versions SET value = value + 1 WHERE name = 'root_keys'"),
  ])
  return id
}

/** Puts other rows into the copy in KV than D1 has. */
async function falsifyCopy(rows: readonly RootKeyRow[]): Promise<void> {
  const copy = { value: { version: 0, rows }, readAt: nowMs(), tag: null }
  await kvCache('root-keys', patient(env)).put('root_keys', copy)
}

describe('making and loading', () => {
  it('makes the first key on first use and keeps it in memory', async () => {
    const roots = isolate()
    const root = await roots.current()
    expect(await rootRows()).toMatchObject([{ id: root.id, createdAt: Date.now() / 1000 }])
    expect(root.id).toMatch(/^[A-Za-z0-9_-]{8}$/)
    installation.resetCounts()
    later(3600)
    expect((await roots.current()).id).toBe(root.id)
    expect(await roots.byId(root.id)).toBe(root)
    expect(installation.counts).toMatchObject({ d1: 0, kv: 0 })
  })

  it('racing isolates and racing requests end with one key', async () => {
    const isolates = Array.from({ length: 8 }, () => isolate())
    const roots = await Promise.all(isolates.flatMap((keys) => [keys.current(), keys.current()]))
    expect(await rootRows()).toHaveLength(1)
    expect(new Set(await Promise.all(roots.map((root) => derived(root, 'test')))).size).toBe(1)
  })

  it('requests of one isolate share one load', async () => {
    await isolate().current()
    installation.resetCounts()
    const roots = isolate()
    await Promise.all(Array.from({ length: 20 }, () => roots.current()))
    expect(installation.counts).toMatchObject({ d1: 0, kv: 1 })
  })

  it('derives one key per purpose, the same in every isolate', async () => {
    const [one, two] = await Promise.all([isolate().current(), isolate().current()])
    expect(await derived(one, 'a')).toBe(await derived(two, 'a'))
    expect(await derived(one, 'a')).not.toBe(await derived(one, 'b'))
    expect(one.derive('a')).toBe(one.derive('a'))
  })
})

describe('rows that do not open', () => {
  const damage: readonly (readonly [string, (row: RootKeyRow) => RootKeyRow | Promise<RootKeyRow>])[] = [
    [
      'another secret',
      async (row) => ({
        ...row,
        sealed: await new RootKeySeal(OTHER_SECRET).seal(row.id, new Uint8Array(32)),
      }),
    ],
    ['another id', (row) => ({ ...row, id: 'AAAAAAAA' })],
    ['a flipped bit', (row) => ({ ...row, sealed: `${row.sealed.slice(0, -4)}AAAA` })],
    ['a cut text', (row) => ({ ...row, sealed: row.sealed.slice(0, 20) })],
    ['no text', (row) => ({ ...row, sealed: '' })],
    ['another format', (row) => ({ ...row, sealed: row.sealed.replace('1.', '2.') })],
    [
      'a short key',
      async (row) => ({ ...row, sealed: await new RootKeySeal(SECRET).seal(row.id, new Uint8Array(16)) }),
    ],
  ]

  it.each(damage)('%s: an error that names SECRETS_SYSTEM, logged, nothing written', async (_, change) => {
    await isolate().current()
    for (const row of await rootRows()) {
      const { id, sealed } = await change(row)
      await env.DB.prepare('UPDATE root_keys SET id = ?, sealed = ? WHERE id = ?')
        .bind(id, sealed, row.id)
        .run()
    }
    await changedByHand()
    const kept = await rootRows()
    const failure = { code: 'misconfiguration', hint: expect.stringContaining('SECRETS_SYSTEM') }
    const roots = isolate()
    await expect(roots.current()).rejects.toMatchObject(failure)
    await expect(roots.byId('AAAAAAAA')).rejects.toMatchObject(failure)
    later(5)
    await expect(roots.current()).rejects.toMatchObject(failure)
    expect(await rootRows()).toEqual(kept)
    expect(lines.some((line) => line.includes('root_key.unreadable'))).toBe(true)
    expect(lines.join()).not.toContain(SECRET)
  })

  it('a failing installation asks its source at most once a second', async () => {
    await isolate().current()
    const roots = isolate(OTHER_SECRET)
    installation.resetCounts()
    for (let attempt = 0; attempt < 10; attempt += 1) await expect(roots.current()).rejects.toThrow()
    expect(installation.counts).toMatchObject({ d1: 1, kv: 1 })
  })

  it('a copy that does not open, or is empty, is checked against the source', async () => {
    const root = await isolate().current()
    await falsifyCopy([{ id: root.id, sealed: '1.AAAA', createdAt: root.createdAt }])
    expect((await isolate().current()).id).toBe(root.id)
    await falsifyCopy([])
    expect((await isolate().current()).id).toBe(root.id)
    expect(await rootRows()).toHaveLength(1)
  })
})

describe('system secrets', () => {
  it('the first seals, all open; rewrapping lets the old one go', async () => {
    const root = await isolate().current()
    const rotating = isolate(OTHER_SECRET, SECRET)
    expect(await derived(await rotating.current(), 'a')).toBe(await derived(root, 'a'))
    expect(await rotating.rewrap()).toBe(1)
    expect(await rotating.rewrap()).toBe(0)
    const after = await isolate(OTHER_SECRET).current()
    expect(after.id).toBe(root.id)
    expect(await derived(after, 'a')).toBe(await derived(root, 'a'))
    await expect(isolate(SECRET).current()).rejects.toMatchObject({ code: 'misconfiguration' })
  })

  it('rewrapping refuses a row that no secret opens and leaves it', async () => {
    await isolate().current()
    const kept = await rootRows()
    await expect(isolate(OTHER_SECRET).rewrap()).rejects.toMatchObject({ code: 'misconfiguration' })
    expect(await rootRows()).toEqual(kept)
  })
})

describe('unknown ids', () => {
  it('a made-up id is refused without a read', async () => {
    const roots = isolate()
    const root = await roots.current()
    installation.resetCounts()
    const bytes = fromBase64url(root.id) ?? new Uint8Array(6)
    const forged = Array.from({ length: 48 }, (_, bit) => {
      const copy = bytes.slice()
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return toBase64url(copy)
    })
    for (const id of [...forged, '', 'AAAA', 'not an id', `${root.id}A`])
      expect(await roots.byId(id)).toBeUndefined()
    expect(installation.counts).toMatchObject({ d1: 0, kv: 0 })
  })

  it('a key made elsewhere is found, in one read for many callers', async () => {
    const roots = isolate()
    const first = await roots.current()
    const id = await addKey()
    later(1)
    installation.resetCounts()
    const found = await Promise.all(Array.from({ length: 10 }, () => roots.byId(id)))
    expect(found.every((root) => root?.id === id)).toBe(true)
    expect(installation.counts.d1).toBe(1)
    expect((await roots.current()).id).toBe(id)
    expect(await roots.byId(first.id)).toBe(first)
  })

  it('a plausible id that the source does not have is asked for at most once a second', async () => {
    const roots = isolate()
    await roots.current()
    const id = await makeId()
    later(1)
    installation.resetCounts()
    for (let attempt = 0; attempt < 5; attempt += 1) expect(await roots.byId(id)).toBeUndefined()
    expect(installation.counts.d1).toBe(1)
    later(1)
    expect(await roots.byId(id)).toBeUndefined()
    expect(installation.counts.d1).toBe(2)
  })

  it('says "unavailable", not "invalid", when the source cannot be asked', async () => {
    const roots = isolate()
    const root = await roots.current()
    const id = await addKey()
    later(1)
    installation.down = true
    await expect(roots.byId(id)).rejects.toMatchObject({ code: 'temporarily_unavailable' })
    expect(await roots.byId(root.id)).toBe(root)
    expect(await roots.byId('AAAAAAAA')).toBeUndefined()
    await expect(isolate().current()).rejects.toMatchObject({ code: 'temporarily_unavailable' })
    installation.down = false
    later(1)
    expect((await roots.byId(id))?.id).toBe(id)
  })
})

it('a sealed row of format 1 stays readable', async () => {
  const key = await new RootKeySeal(SECRET).open(SAMPLE_ROW.id, SAMPLE_ROW.sealed)
  expect(key).toEqual(new Uint8Array(32).map((_, index) => index))
})
