import { waitUntil } from 'cloudflare:workers'
import type { Breaker } from '../util/breaker.ts'
import { nowMs } from '../util/clock.ts'
import { type AskedIds, askedIds, type Outcome } from './asked.ts'
import type { Versioned } from './cache-kv.ts'
import type { Heard, Held, Memory } from './cache-memory.ts'
import type { Mend } from './cache-mend.ts'
import { queryD1 } from './d1.ts'
import { sharing, unavailable } from './sharing.ts'
import type { Vouching } from './vouching.ts'

/** The largest number of concurrent reads of the source in one isolate. Copies are used beyond it. */
const MAX_READS = 64

/** The same for ids that this isolate has never seen: strangers make up any number, and must not use up the others. */
const MAX_UNKNOWN_READS = 48

/** Reads values from the source, and keeps copies of them in memory. */
export interface SourceReader<T> {
  readonly asked: AskedIds
  /**
   * Reads a value. Throws `temporarily_unavailable` if the source cannot be asked.
   * @param heard what the feed said of it before, if it was asked; else what it said of the copy in memory counts.
   */
  read(id: string, heard?: Heard): Promise<T | undefined>
  /** Joins or begins a read. While the source is silent it is only asked by probes; others throw at once. */
  readShared(id: string, heard?: Heard): Promise<T | undefined>
}

/** What a reader works with. */
interface ReaderParts<T extends Versioned> {
  /** Reads one value from D1. */
  readonly source: (id: string) => Promise<T | undefined>
  readonly memory: Memory<T>
  readonly vouching: Vouching
  readonly d1Breaker: Breaker
  /** Called behind the request when D1 has not what the copy in memory says, and nobody is known to have changed it. */
  readonly mend: Mend<T>
}

/** Returns the reader of a cache. */
export function sourceReader<T extends Versioned>(parts: ReaderParts<T>): SourceReader<T> {
  const { source, memory, vouching, d1Breaker, mend } = parts
  const asked = askedIds()
  const known = sharing<T>(MAX_READS)
  const unknown = sharing<T>(MAX_UNKNOWN_READS)

  async function read(id: string, told?: Heard): Promise<T | undefined> {
    const readAt = nowMs()
    // Only what was heard before the read began: what it said then is true of the value that is read, or of a later one.
    const before = memory.get(id)
    const heard = told ?? before?.heard
    const note = (outcome: Outcome): void => asked.note(id, readAt, outcome)
    const value = await queryD1(() => source(id)).catch((error: unknown) => {
      note('failed')
      throw error
    })
    vouching.d1Answered()
    note(value === undefined ? 'absent' : 'found')
    if (contradicts(value, before, heard)) waitUntil(mend(id, before).catch(() => undefined))
    if (value === undefined) {
      const held = memory.get(id)
      if (held !== undefined && held.readAt <= readAt) memory.forget(id, held.value.version)
      return undefined
    }
    if (!memory.accept(id, { value, readAt, tag: heard?.tag ?? null }, readAt, heard)) note('absent')
    // A write may have overtaken the read: its value counts, and a deletion counts over both.
    return memory.get(id)?.value
  }

  return {
    asked,
    read,
    async readShared(id, heard) {
      const readers = memory.get(id) !== undefined || asked.wasFound(id) ? known : unknown
      if (!(readers.has(id) || d1Breaker.mayAsk())) throw unavailable()
      return readers.run(id, () => read(id, heard))
    },
  }
}

/** Whether D1 has another value than a copy, or none, although the feed says that nobody changed it. */
const contradicts = <T extends Versioned>(
  value: T | undefined,
  held: Held<T> | undefined,
  heard: Heard | undefined,
): held is Held<T> =>
  held !== undefined && held.tag !== null && held.tag === heard?.tag && held.value.version !== value?.version
