/*
 * `npm run test:soak -- --minutes M`: logins, refreshes, introspection, revocations, devices and admin writes, while D1,
 * KV and the ledgers fail, are slow, hang or lose answers in turn, and the process is killed now and then. Every
 * acknowledged fact is checked: some between two troubles, the others at the end. Outside of a trouble nothing may be a
 * 5xx; within one only a 503 with Retry-After. `--kill-every 0` kills nothing: that shows how memory goes on.
 */
import { parseArgs } from 'node:util'
import { Browser } from '../../support/browser.ts'
import { authorizationPath, logIn, type Tokens } from '../../support/relying-party.ts'
import { broken, type Fact, makePen, type Pen, WRITERS, type Writer } from '../harness/facts.ts'
import { Random } from '../harness/random.ts'
import { record, Tally, versions } from '../harness/record.ts'
import { ProofServer } from '../harness/start.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '6' },
    port: { type: 'string', default: '5248' },
    'kill-every': { type: 'string', default: '4' },
    bundle: { type: 'string' },
    out: { type: 'string' },
  },
})

/** What goes wrong, one after the other, each for a while. */
const TROUBLES: readonly Readonly<Record<string, string>>[] = [
  { d1: 'fail' },
  { kv: 'hang' },
  { ledger: 'slow' },
  { d1: 'hang' },
  { kv: 'fail' },
  { lose: '0.3' },
  { d1: 'slow' },
  { ledger: 'fail' },
  { kv: 'slow' },
  { ledger: 'hang' },
]
const WELL = { d1: 'ok', kv: 'ok', ledger: 'ok', lose: '0' }

const TROUBLE_MS = 8_000
/** How long calls that began in a trouble may still hang, and sources count as down. */
const AFTERMATH_MS = 35_000
const CALM_MS = 12_000
/** The process is killed in each so many rounds; 0 for never. */
const KILL_EVERY = Number(values['kill-every'])
/** Share of the facts that are kept to the end. */
const KEPT = 0.2

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const random = new Random(Number(values.seed))
const answers = new Tally()
const checked = new Tally()
const unanswered = new Tally()
const faults: string[] = []
const memory: { readonly minute: number; readonly mib: number; readonly killed: boolean }[] = []
const kept: Fact[] = []
let facts: Fact[] = []
let inTrouble = false
let stopped = false
let kills = 0

const started = Date.now()
const minutes = (): number => Math.round((Date.now() - started) / 6_000) / 10

const server = await ProofServer.start({ port: Number(values.port), bundle: values.bundle })
for (const isolate of [server.first, server.second]) isolate.observe = observe
try {
  await run()
} finally {
  await server.stop()
}
await record(values.out, {
  ...{ run: 'soak', seed: Number(values.seed), minutes: minutes(), workers: Number(values.workers), kills },
  ...{ answers, checked, unanswered, memoryMiB: memory, growth: growth(), faults: faults.length },
  ...{ first: faults.slice(0, 10), ...(await versions()) },
})
process.exitCode = faults.length === 0 ? 0 : 1

function observe({ status, headers }: Response, what: string): void {
  answers.add(String(status))
  if (status < 500) return
  const isBusy = status === 503 && headers.get('retry-after') !== null
  if (isBusy && inTrouble) return
  fault(`${status} ${what}${isBusy ? ' without trouble' : ''}`)
}

function fault(what: string): void {
  faults.push(`minute ${minutes()}: ${what}`)
  if (faults.length <= 30) console.error(faults.at(-1))
}

async function run(): Promise<void> {
  const pen = await makePen(server.first)
  const workers = Array.from({ length: Number(values.workers) }, () => work(pen))
  const end = started + Number(values.minutes) * 60_000
  for (let round = 0; Date.now() < end; round += 1) {
    await calm()
    inTrouble = true
    const trouble = TROUBLES[round % TROUBLES.length] ?? {}
    await server.faults({ ...WELL, ...trouble })
    await pause(TROUBLE_MS)
    if (KILL_EVERY > 0 && round % KILL_EVERY === KILL_EVERY - 1) await kill()
    await server.faults(WELL)
    await pause(AFTERMATH_MS)
    inTrouble = false
    console.log(`minute ${minutes()}: after ${JSON.stringify(trouble)} ${faults.length} faults`)
  }
  stopped = true
  await Promise.all(workers)
  await pause(1_000)
  await check([...kept, ...facts])
  await remember(false)
}

async function kill(): Promise<void> {
  kills += 1
  await server.kill()
  await server.restart()
  await remember(true)
}

/** Nothing goes wrong for a while: most facts that were learnt so far are checked. */
async function calm(): Promise<void> {
  await pause(CALM_MS)
  const learnt = facts
  facts = []
  const now = learnt.filter((fact) => {
    if (!random.chance(KEPT)) return true
    kept.push(fact)
    return false
  })
  await check(now)
  await remember(false)
}

async function check(some: readonly Fact[]): Promise<void> {
  for (const { name } of some) checked.add(name)
  for (const one of await broken(server.first, some)) fault(`a fact does not hold: ${one}`)
}

async function remember(killed: boolean): Promise<void> {
  memory.push({ minute: minutes(), mib: await server.memory(), killed })
}

async function work(pen: Pen): Promise<void> {
  while (!stopped) {
    const writer: Writer = random.chance(0.4) ? random.pick(WRITERS) : read
    await writer(pen, (fact) => facts.push(fact)).catch((thrown: unknown) => {
      unanswered.add(thrown instanceof Error ? thrown.name : typeof thrown)
      // What is not answered outside of a trouble has told itself by its status, or not at all.
      if (!inTrouble && thrown instanceof TypeError) fault(`no answer: ${thrown.message}`)
    })
    await pause(50)
  }
}

/** Somebody who logs in and then only looks. */
async function read(pen: Pen): Promise<void> {
  const browser = new Browser(pen.at)
  const login = { subject: `reader-${random.below(50)}`, remember: true, remember_for: 600 }
  const tokens: Tokens = await logIn(pen.at, pen.client, { browser, login })
  for (let time = 0; time < 6; time += 1) {
    const active = await pen.at.isActive(tokens.access_token)
    if (!active) fault('a good token is said to be inactive')
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const { status } = await pen.at.fetch('/userinfo', { headers })
    if (status === 401) fault('userinfo refuses a good token')
    await (await pen.at.fetch('/.well-known/jwks.json')).arrayBuffer()
    const answer = await browser.next(authorizationPath(pen.client, { prompt: 'none' }))
    if (answer.searchParams.get('error') === 'login_required') fault('a session is not known')
  }
}

/** How much more memory there was in the last third than in the second, each as a median since its last kill. */
function growth(): number {
  const median = (part: readonly { readonly mib: number }[]): number =>
    part.map(({ mib }) => mib).toSorted((one, other) => one - other)[Math.floor(part.length / 2)] ?? 0
  const third = Math.floor(memory.length / 3)
  const [before, after] = [median(memory.slice(third, 2 * third)), median(memory.slice(2 * third))]
  return before === 0 ? 1 : Math.round((after / before) * 100) / 100
}
