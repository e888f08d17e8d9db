/*
 * `npm run proof:races -- --rounds N`: bursts of 50 parallel requests on everything that counts once, over two Worker
 * isolates on one ledger class, with a random delay before each ledger call. `--only TEXT` runs the races whose name
 * has it, `--bound` measures how long the other isolate goes on with a deleted client.
 */
import { parseArgs } from 'node:util'
import { record, Tally, versions } from '../harness/record.ts'
import { ProofServer } from '../harness/start.ts'
import { ADMIN_RACES, deletionBound, emptyStart } from './admin.ts'
import { LOGIN_RACES } from './logins.ts'
import { type Arena, type Race, Violation } from './race.ts'
import { countedRefresh, strictRefresh, TOKEN_RACES } from './tokens.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    delay: { type: 'string', default: '15' },
    port: { type: 'string', default: '5242' },
    only: { type: 'string', default: '' },
    bound: { type: 'boolean', default: false },
    bundle: { type: 'string' },
    out: { type: 'string' },
  },
})

const rounds = Number(values.rounds)
const GRACE = 'OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD'
const USES = 'OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_REUSE_COUNT'
let violations = 0

/** Runs some races on a server of their own. */
async function races(
  set: Readonly<Record<string, Race>>,
  settings: Readonly<Record<string, string>> = {},
  times = rounds,
): Promise<void> {
  const chosen = Object.entries(set).filter(([name]) => name.includes(values.only))
  if (chosen.length === 0) return
  const server = await ProofServer.start({ port: Number(values.port), bundle: values.bundle, settings })
  try {
    await server.faults({ delay: values.delay })
    for (const [name, race] of chosen) await repeat(server, name, race, times)
  } finally {
    await server.stop()
  }
}

function arenaOf({ first, second }: ProofServer, counts: Tally): Arena {
  const kept = new Map<string, Promise<unknown>>()
  return {
    ...{ first, second, count: (name) => counts.add(name) },
    kept<T>(name: string, make: () => Promise<T>): Promise<T> {
      const known = kept.get(name) ?? make()
      kept.set(name, known)
      return known as Promise<T>
    },
  }
}

async function repeat(server: ProofServer, name: string, race: Race, times: number): Promise<void> {
  const counts = new Tally()
  const arena = arenaOf(server, counts)
  const found: string[] = []
  const started = Date.now()
  for (let round = 0; round < times; round += 1) {
    await race(arena).catch((thrown: unknown) => {
      found.push(thrown instanceof Violation ? thrown.message : String(thrown))
    })
  }
  violations += found.length
  const seconds = Math.round((Date.now() - started) / 1000)
  const about = { run: 'race', name, rounds: times, delayMs: Number(values.delay), seconds }
  await record(values.out, {
    ...about,
    violations: found.length,
    first: found.slice(0, 3),
    ...(await versions()),
  })
}

await races({ ...TOKEN_RACES, ...LOGIN_RACES, ...ADMIN_RACES })
await races({ 'refresh without grace': strictRefresh }, { [GRACE]: '0s' })
await races({ 'refresh with three repeats': countedRefresh }, { [USES]: '3' })
for (let start = 0; start < Math.min(rounds, 4); start += 1)
  await races({ 'empty database': emptyStart }, {}, 1)

if (values.bound) {
  const server = await ProofServer.start({ port: Number(values.port), bundle: values.bundle })
  try {
    const seconds = await deletionBound(arenaOf(server, new Tally()), 20)
    const most = Math.max(...seconds)
    if (most > 60) violations += 1
    const about = { run: 'race', name: 'deleted client in the other isolate', clients: seconds.length }
    await record(values.out, { ...about, mostSeconds: most, seconds, ...(await versions()) })
  } finally {
    await server.stop()
  }
}
process.exitCode = violations === 0 ? 0 : 1
