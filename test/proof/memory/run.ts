/*
 * `npm run proof:memory -- --seconds S`: one kind of request at a time, each at a server of its own. Prints what the
 * process has (resident, and allocated), and what is in the heap of the Worker and its Durable Objects after a collection:
 * before, while it goes on, and after an idle time, in which the platform evicts objects. `--only TEXT` for some kinds,
 * `--every S` for how often it looks, `--collect PATTERN` for other isolates in which garbage is collected each time, such
 * as '^(d1|kv):', the simulators of D1 and KV. `--classes` says of what the heap has more.
 */
import { parseArgs } from 'node:util'
import { record, versions } from '../harness/record.ts'
import { ProofServer } from '../harness/start.ts'
import { type Classes, grown, HeapProbe } from './heap.ts'
import { KINDS, type Kind } from './kinds.ts'
import { Load } from './load.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    idle: { type: 'string', default: '90' },
    lines: { type: 'string', default: '4' },
    port: { type: 'string', default: '5268' },
    only: { type: 'string', default: '' },
    collect: { type: 'string', default: '' },
    every: { type: 'string', default: '30' },
    classes: { type: 'boolean', default: false },
    bundle: { type: 'string' },
    out: { type: 'string' },
  },
})

const SECONDS = Number(values.seconds)
/** How long requests run before the first look: what is made once is made then. */
const WARM_SECONDS = 15
/** How often it is looked. */
const EVERY_SECONDS = Number(values.every)
const MOST_CLASSES = 15

const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000))

for (const kind of KINDS.filter(({ name }) => name.includes(values.only))) await measure(kind)

async function measure(kind: Kind): Promise<void> {
  const settings = { LOG_REQUESTS: 'errors' }
  const server = await ProofServer.start({
    ...{ port: Number(values.port), bundle: values.bundle, settings, inspected: true },
  })
  try {
    const probe = await HeapProbe.open(server.inspector)
    const others =
      values.collect === '' ? [] : await HeapProbe.openAll(server.inspector, new RegExp(values.collect))
    const load = await Load.prepare(server, kind, Number(values.lines))
    await load.run(WARM_SECONDS)
    const looks = [await look(server, [probe, ...others], load)]
    const before = await classesOf(probe)
    for (let left = SECONDS; left > 0; left -= EVERY_SECONDS) {
      await load.run(Math.min(left, EVERY_SECONDS))
      looks.push(await look(server, [probe, ...others], load))
    }
    const after = await classesOf(probe)
    await pause(Number(values.idle))
    looks.push(await look(server, [probe, ...others], load))
    for (const one of [probe, ...others]) one.close()
    const classes = values.classes ? { grown: grown(before, after, MOST_CLASSES) } : {}
    await record(values.out, { run: 'memory', kind: kind.name, looks, ...classes, ...(await versions()) })
  } finally {
    await server.stop()
  }
}

async function classesOf(probe: HeapProbe): Promise<Classes> {
  return values.classes ? probe.classes() : new Map()
}

/** What there is at a moment: MiB, and how many requests, or logins, were answered by then. */
async function look(
  server: ProofServer,
  [probe, ...others]: readonly [HeapProbe, ...(readonly HeapProbe[])],
  load: Load,
): Promise<object> {
  for (const other of others) await other.heap()
  const heap = await probe.heap()
  const [resident, allocated] = [await server.memory(), await server.allocated()]
  return {
    steps: load.steps,
    resident,
    allocated,
    heap: heap.used,
    heapTotal: heap.total,
    buffers: heap.buffers,
    objects: await server.openObjects(),
  }
}
