/*
 * `npm run proof:crash -- --rounds N`: twelve writers, then SIGKILL to workerd in the middle of what they do, a start on
 * what is left, and a look at every fact that was acknowledged.
 */
import { parseArgs } from 'node:util'
import { broken, type Fact, makePen, type Pen, Refused, WRITERS } from '../harness/facts.ts'
import { Random } from '../harness/random.ts'
import { record, Tally, versions } from '../harness/record.ts'
import { ProofServer } from '../harness/start.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    port: { type: 'string', default: '5244' },
    bundle: { type: 'string' },
    out: { type: 'string' },
  },
})

const PARALLEL = 12
const random = new Random(Number(values.seed))
const checked = new Tally()
const cut = new Tally()
const faults: string[] = []
let slowestStart = 0

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Writes until told to stop; what a cut connection leaves open is neither a fact nor a fault. */
async function write(pen: Pen, facts: Fact[], over: () => boolean): Promise<void> {
  while (!over()) {
    const writer = random.pick(WRITERS)
    await writer(pen, (fact) => facts.push(fact)).catch((thrown: unknown) => {
      if (thrown instanceof Refused && !over()) faults.push(`refused: ${thrown.message}`)
      cut.add(thrown instanceof Error ? thrown.name : typeof thrown)
    })
  }
}

const started = Date.now()
const server = await ProofServer.start({ port: Number(values.port), bundle: values.bundle })
try {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const pen = await makePen(server.first)
    const facts: Fact[] = []
    let stopped = false
    const writers = Array.from({ length: PARALLEL }, () => write(pen, facts, () => stopped))
    await pause(3_000 + random.below(5_000))
    stopped = true
    await server.kill()
    await Promise.all(writers)
    const before = Date.now()
    await server.restart()
    slowestStart = Math.max(slowestStart, Date.now() - before)
    for (const { name } of facts) checked.add(name)
    const found = await broken(round % 2 === 0 ? server.first : server.second, facts)
    faults.push(...found)
    for (const fault of found) console.error(fault)
    console.log(`round ${round + 1}: ${facts.length} facts, ${found.length} broken`)
  }
} finally {
  await server.stop()
}

await record(values.out, {
  ...{ run: 'crash', seed: Number(values.seed), rounds: Number(values.rounds), writers: PARALLEL },
  ...{ minutes: Math.round((Date.now() - started) / 6_000) / 10, checked, cut, slowestStartMs: slowestStart },
  ...{ faults: faults.length, first: faults.slice(0, 5), ...(await versions()) },
})
process.exitCode = faults.length === 0 ? 0 : 1
