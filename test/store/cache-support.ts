import { vi } from 'vitest'
import { type ReadThroughCache, readThroughCache } from '../../src/store/cache.ts'
import { testEnv, type Variant, varyLedger } from '../support/bindings.ts'
import { patient } from '../support/patient.ts'

export interface Item {
  readonly version: number
  readonly text: string
}

export type Cache = ReadThroughCache<Item>

/** The feed's answers: how many are under way, what each told and of how many values, and whether it is down. */
export const feed = { asked: 0, answered: 0, down: false, told: [] as { told: string; tags: number }[] }
const ask: Variant = async (input, real) => {
  feed.asked += 1
  try {
    if (feed.down) throw new Error('down')
    const answer = await real(input)
    const { told, tags } = answer as { told?: string; tags?: object }
    if (told !== undefined) feed.told.push({ told, tags: Object.keys(tags ?? {}).length })
    return answer
  } finally {
    feed.answered += 1
  }
}
export const env = varyLedger(testEnv(), { changeTags: ask, announceChange: ask })
let names = 0

/** A source in memory that counts how often it is asked, and isolates over it that share one KV. */
export function makeSource() {
  names += 1
  const name = `copies-test-${names}`
  const rows = new Map<string, Item>()
  const state = { reads: 0, down: false, gate: Promise.resolve() }
  const read = async (id: string): Promise<Item | undefined> => {
    state.reads += 1
    if (state.down) throw new Error('down')
    const row = rows.get(id)
    await state.gate
    return row
  }
  const readAll = async (ids: readonly string[]): Promise<ReadonlyMap<string, Item>> => {
    const found = await Promise.all(ids.map(async (id) => [id, await read(id)] as const))
    return new Map(found.flatMap(([id, row]) => (row === undefined ? [] : [[id, row] as const])))
  }
  const source = { name, read, readAll, counterOf: (id: string) => ({ of: 'client', name: id }) as const }
  const isolate = (): Cache => readThroughCache<Item>(patient(env), source)
  return {
    name,
    rows,
    state,
    source,
    isolate,
    write: (cache: Cache, id: string, item: Item): Promise<null> =>
      cache.change(id, async () => {
        rows.set(id, item)
        return { result: null, kept: item }
      }),
    remove: (cache: Cache, id: string): Promise<null> =>
      cache.change(id, async () => {
        const deleted = rows.get(id)?.version
        rows.delete(id)
        return { result: null, deleted }
      }),
    /** Puts the copies of ids into KV, as the scheduled job does. */
    fill: async (...ids: readonly string[]): Promise<void> => {
      await isolate().fill(ids, JSON.stringify)
      state.reads = 0
    },
  }
}

/** Waits until what was asked behind requests is answered. */
export const quiet = (): Promise<boolean> =>
  vi.waitUntil(() => feed.asked === feed.answered, { timeout: 20_000 })

export const item = (version: number): Item => ({ version, text: `v${version}` })
export const later = (milliseconds: number): void => {
  vi.setSystemTime(Date.now() + milliseconds)
}
