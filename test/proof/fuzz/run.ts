/*
 * `npm run proof:fuzz -- --requests N --seed S`: sends spoilt requests of every kind to the production bundle, byte by
 * byte. Beside the sender's own client and user there is a bystander, made anew in each lap: everything that the
 * bystander holds is sent, altered or in the wrong place, and at the end of the lap has to work as if nothing had been.
 * `--from` with `--requests 1` repeats one request of a seed.
 */
import { parseArgs } from 'node:util'
import type { Isolate } from '../harness/isolate.ts'
import { Random } from '../harness/random.ts'
import { record, Tally, versions } from '../harness/record.ts'
import { ProofServer } from '../harness/start.ts'
import { ADMIN_DRAFTS } from './admin-drafts.ts'
import { faultOf, LogWatch } from './checks.ts'
import { DRAFTS } from './drafts.ts'
import { changed, finish, readFacts } from './facts.ts'
import { type Spoilt, spoil } from './spoil.ts'
import { NoAnswer, Wire } from './wire.ts'
import { makeParty, type Party } from './world.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    lap: { type: 'string', default: '5000' },
    port: { type: 'string', default: '5240' },
    bundle: { type: 'string' },
    out: { type: 'string' },
  },
})

const [total, seed, from, lapSize] = [values.requests, values.seed, values.from, values.lap].map(Number) as [
  number,
  number,
  number,
  number,
]
/** After so many requests the actor gets new tokens, since it may have spent or revoked what it had. */
const REFILL = 250
const CONNECTIONS = 8

const MAKERS = [
  ...Object.entries(DRAFTS),
  ...Object.entries(DRAFTS),
  ...Object.entries(ADMIN_DRAFTS).map(([name, make]) => [`admin: ${name}`, make] as const),
]

const log = new LogWatch()
const faults: { readonly index: number; readonly fault: string; readonly request: string }[] = []
const statuses = new Tally()
const good = new Tally()
const bad: string[] = []
let slowest = 0
let shown: readonly [bad: number, logged: number] = [0, 0]

const server = await ProofServer.start({
  port: Number(values.port),
  bundle: values.bundle,
  settings: { DEMO_PAGES: 'true' },
  onLine: log.line,
})
const started = Date.now()

try {
  await run(server.first)
} finally {
  await server.stop()
}

const result = {
  ...{ run: 'fuzz', seed, from, requests: total, ...(await versions()) },
  minutes: Math.round((Date.now() - started) / 6_000) / 10,
  faults: faults.length + bad.length + log.faults.length,
  ...{ statuses, answered2xx: good, logLines: log.lines, slowestMs: slowest },
}
await record(values.out, result)
process.exitCode = result.faults === 0 ? 0 : 1

async function run(at: Isolate): Promise<void> {
  const wires = Array.from({ length: CONNECTIONS }, (_, index) => new Wire(Number(values.port) + (index % 2)))
  let actor = await makeParty(at, 'actor')
  const record = await (await at.admin('GET', `/admin/clients/${actor.client.id}`)).text()
  const random = new Random(seed)
  for (let lap = from; lap < from + total; lap += lapSize) {
    // What the sender tries counts for the sender's network.
    const away = at.from(`198.51.100.${random.below(256)}`)
    const bystander = await makeParty(away, 'bystander')
    const before = await readFacts(away, bystander)
    const end = Math.min(lap + lapSize, from + total)
    for (let index = lap; index < end; index += REFILL) {
      actor = await makeParty(at, 'actor', actor)
      log.watch([actor, bystander])
      await batch(wires, { actor, bystander }, index, Math.min(index + REFILL, end))
    }
    const own = await (await at.admin('GET', `/admin/clients/${actor.client.id}`)).text()
    if (own !== record) bad.push(`lap from ${lap}: the client of the sender changed`)
    const after = await readFacts(away, bystander)
    bad.push(...changed(before, after).map((name) => `lap from ${lap}: changed: ${name}`))
    bad.push(...(await finish(away, bystander)).map((name) => `lap from ${lap}: does not go on: ${name}`))
    const seconds = Math.round((Date.now() - started) / 1000)
    for (const fault of bad.slice(shown[0])) console.error(fault)
    for (const fault of log.faults.slice(shown[1])) console.error(fault)
    shown = [bad.length, log.faults.length]
    console.log(`${end} requests, ${faults.length + bad.length + log.faults.length} faults, ${seconds} s`)
  }
  for (const wire of wires) wire.close()
}

interface Both {
  readonly actor: Party
  readonly bystander: Party
}

/** Sends the requests from one number to before another, over all connections at once. */
async function batch(wires: readonly Wire[], both: Both, first: number, end: number): Promise<void> {
  let next = first
  const work = async (wire: Wire): Promise<void> => {
    while (next < end) {
      const index = next
      next += 1
      await one(wire, both, index)
    }
  }
  await Promise.all(wires.map(work))
}

async function one(wire: Wire, { actor, bystander }: Both, index: number): Promise<void> {
  const random = new Random(seed, index)
  const [name, make] = random.pick(MAKERS)
  const parties = { actor: actor.held, bystander: bystander.held }
  const draft = { name, ...make(actor.held, random) }
  const network = `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`
  const request = spoil(
    { ...draft, headers: [['cf-connecting-ip', network], ...draft.headers] },
    parties,
    random,
  )
  const sent = Date.now()
  try {
    const answer = await wire.send(request)
    slowest = Math.max(slowest, Date.now() - sent)
    statuses.add(String(answer.status))
    if (answer.status < 300) good.add(name)
    const fault = faultOf(request, answer, bystander)
    if (fault !== undefined) keep(index, `${fault}: ${answer.body.slice(0, 300)}`, request)
  } catch (thrown) {
    if (!(thrown instanceof NoAnswer)) throw thrown
    keep(index, thrown.message, request)
  }
}

function keep(index: number, fault: string, { name, changes, method, target, headers, body }: Spoilt): void {
  const text = `${method} ${target.slice(0, 500)} ${JSON.stringify(headers).slice(0, 800)}`
  const request = `${name} [${changes.join(', ')}] ${text} ${body?.toString('utf8').slice(0, 500) ?? ''}`
  faults.push({ index, fault, request })
  if (faults.length <= 20) console.error(JSON.stringify(faults.at(-1)))
}
