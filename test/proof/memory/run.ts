/*
 * `npm run proof:memory -- --seconds S`: one kind of request at a time, each at a server of its own. Prints what the
 * process has (resident, and allocated), and what is in the heap of the Worker and its Durable Objects after a collection:
 * before, while it goes on, after an idle time, in which the platform evicts objects, and once garbage was collected in the
 * isolates that simulate D1 and KV too. `--only TEXT` for some kinds; `--classes` says of what the heap has more.
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
    classes: { type: 'boolean', default: false },
    bundle: { type: 'string' },
    out: { type: 'string' },
  },
})

const SECONDS = Number(values.seconds)
/** How long requests run before the first look: what is made once is made then. */
const WARM_SECONDS = 15
/** How often it is looked. */
const EVERY_SECONDS = 30
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
    const load = await Load.prepare(server, kind, Number(values.lines))
    await load.run(WARM_SECONDS)
    const looks = [await look(server, probe, load)]
    const before = await classesOf(probe)
    for (let left = SECONDS; left > 0; left -= EVERY_SECONDS) {
      await load.run(Math.min(left, EVERY_SECONDS))
      looks.push(await look(server, probe, load))
    }
    const after = await classesOf(probe)
    await pause(Number(values.idle))
    looks.push(await look(server, probe, load))
    await HeapProbe.collectEverywhere(server.inspector)
    looks.push(await look(server, probe, load))
    probe.close()
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
async function look(server: ProofServer, probe: HeapProbe, load: Load): Promise<object> {
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
