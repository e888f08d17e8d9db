import { Inspector } from '../../bench/inspector.ts'

/** The heap of V8 in which the Worker and all its Durable Objects are, after a collection, MiB. */
export interface Heap {
  readonly used: number
  readonly total: number
  /** Array buffers, which are beside it. */
  readonly buffers: number
}

/** How many things of a class there are, and how many bytes they have. */
export type Classes = ReadonlyMap<string, { readonly count: number; readonly bytes: number }>

/** The nodes of a heap snapshot, as far as they are read here. */
interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[]
      readonly node_types: readonly [readonly string[]]
    }
  }
  readonly nodes: readonly number[]
  readonly strings: readonly string[]
}

const MIB = 1_048_576

/** How long a collection may take, ms. */
const COLLECTED_WITHIN_MS = 1500

const mib = (bytes: unknown): number => Math.round((Number(bytes ?? 0) / MIB) * 10) / 10

/** Looks into the heap of the first isolate, over workerd's inspector. */
export class HeapProbe {
  readonly #inspector: Inspector

  private constructor(inspector: Inspector) {
    this.#inspector = inspector
  }

  static async open(port: number, worker?: string): Promise<HeapProbe> {
    const inspector = await Inspector.open(port, worker)
    await inspector.call('HeapProfiler.enable')
    return new HeapProbe(inspector)
  }

  /** Collects garbage, and returns what is left. */
  async heap(): Promise<Heap> {
    // workerd collects, and does not say when it has.
    void this.#inspector.call('HeapProfiler.collectGarbage')
    await new Promise((resolve) => setTimeout(resolve, COLLECTED_WITHIN_MS))
    const usage = await this.#inspector.call('Runtime.getHeapUsage')
    const { usedSize, totalSize, backingStorageSize } = (usage ?? {}) as Record<string, unknown>
    return { used: mib(usedSize), total: mib(totalSize), buffers: mib(backingStorageSize) }
  }

  /** Opens the isolates whose names fit: `d1:` and `kv:` are in front of those that simulate these. */
  static async openAll(port: number, names: RegExp): Promise<readonly HeapProbe[]> {
    const workers = (await Inspector.workers(port)).filter((name) => names.test(name))
    return Promise.all(workers.map((worker) => HeapProbe.open(port, worker)))
  }

  /** Counts what is in the heap, by class. It takes memory itself: figures of the process are worth little afterwards. */
  async classes(): Promise<Classes> {
    const chunks: string[] = []
    this.#inspector.observe = (method, { chunk }) => {
      if (method === 'HeapProfiler.addHeapSnapshotChunk') chunks.push(String(chunk))
    }
    await this.#inspector.call('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
    this.#inspector.observe = () => {}
    return countClasses(JSON.parse(chunks.join('')))
  }

  close(): void {
    this.#inspector.close()
  }
}

function countClasses({ snapshot: { meta }, nodes, strings }: Snapshot): Classes {
  const [type, name, size] = ['type', 'name', 'self_size'].map((field) => meta.node_fields.indexOf(field))
  const types = meta.node_types[0]
  const counts = new Map<string, { count: number; bytes: number }>()
  for (let at = 0; at < nodes.length; at += meta.node_fields.length) {
    const kind = types[nodes[at + (type ?? 0)] ?? 0] ?? ''
    const named = kind === 'object' || kind === 'closure' || kind === 'native' || kind === 'hidden'
    const key = named ? `${kind} ${strings[nodes[at + (name ?? 0)] ?? 0]}` : kind
    const known = counts.get(key) ?? { count: 0, bytes: 0 }
    counts.set(key, { count: known.count + 1, bytes: known.bytes + (nodes[at + (size ?? 0)] ?? 0) })
  }
  return counts
}

/** The classes that grew most between two counts, as lines. */
export function grown(before: Classes, after: Classes, most: number): readonly string[] {
  return [...after]
    .map(([name, { count, bytes }]) => {
      const old = before.get(name) ?? { count: 0, bytes: 0 }
      return { name, count: count - old.count, bytes: bytes - old.bytes }
    })
    .toSorted((one, other) => other.bytes - one.bytes)
    .slice(0, most)
    .map(({ name, count, bytes }) => `${bytes} bytes, ${count} more: ${name}`)
}
