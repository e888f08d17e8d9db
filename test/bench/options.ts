import { parseArgs } from 'node:util'
import type { Window } from './generator/load.ts'
import { WORKLOAD_NAMES, WORKLOADS, type WorkloadName } from './workloads/catalogue.ts'

/** What a run measures. */
export interface Options {
  readonly only: readonly WorkloadName[]
  readonly rounds: number
  readonly window: Window
  readonly bundle: string | undefined
  readonly against: string | undefined
  readonly latency: number | undefined
  readonly out: string | undefined
  readonly profile: WorkloadName | undefined
  readonly floors: boolean
  readonly peers: boolean
  /** How many grants the only subject has, for each system; none for a run without. */
  readonly grants: readonly number[]
  /** What is measured beside or instead of workloads: cold starts. */
  readonly starts: 'none' | 'too' | 'only'
}

const DEFAULT_ROUNDS = 5
const DEFAULT_WARM = 1.2
const DEFAULT_SECONDS = 2

export const HELP = `npm run bench -- [flags]

CPU time, throughput and latency of Ladon's production bundle, in rounds of fresh processes, beside bare floors.
On two quiet processors; one serves, the other sends. Linux only.

  --only A,B        these workloads (default: all)
  --rounds N        rounds of fresh processes; medians count (default: ${DEFAULT_ROUNDS})
  --seconds S       measured time of a workload in a round (default: ${DEFAULT_SECONDS})
  --warm S          time before it that is not measured (default: ${DEFAULT_WARM})
  --bundle PATH     measure this bundle: a folder with index.js, or a checkout (default: this checkout)
  --against PATH    measure another bundle or checkout in turn with it, and print the ratio
  --no-floors       leave the floors out
  --no-peers        leave the other servers out; so does --against. npm installs them into a temporary folder
  --latency MS      every storage call waits so long, and one sends at a time
  --grants N,N      Ladon with one subject that has so many grants, such as 0,10000,1000000; without peers
  --starts          cold starts only, in five times the rounds; a run of all workloads has them too
  --out FILE        write the results into a JSON file, and the tables into the .md file beside it, if there is one
  --profile W       no measurement: workerd's CPU profile while it serves this workload, by function
  --help            this text

Workloads:
${WORKLOAD_NAMES.map((name) => `  ${name.padEnd(26)}${WORKLOADS[name].title}`).join('\n')}

Environment: HYDRA_URL, and HYDRA_ADMIN_URL where it is not port 4445 beside it, add a Hydra of this machine;
HYDRA_PIDS names the processes to count, such as its database's.

Compare a change with main in about a minute:
  npm run bench -- --only client_credentials,introspection --rounds 3 --against ../ladon-main
`

/** Reads the flags. Returns nothing if only help is wanted; throws where a flag is wrong. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: String(DEFAULT_ROUNDS) },
      seconds: { type: 'string', default: String(DEFAULT_SECONDS) },
      warm: { type: 'string', default: String(DEFAULT_WARM) },
      bundle: { type: 'string' },
      against: { type: 'string' },
      floors: { type: 'boolean', default: true },
      peers: { type: 'boolean' },
      latency: { type: 'string' },
      grants: { type: 'string' },
      starts: { type: 'boolean', default: false },
      out: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  return {
    only: values.only === undefined ? WORKLOAD_NAMES : values.only.split(',').map(workload),
    rounds: number('--rounds', values.rounds),
    window: { warm: number('--warm', values.warm), measured: number('--seconds', values.seconds) },
    bundle: values.bundle,
    against: values.against,
    latency: values.latency === undefined ? undefined : number('--latency', values.latency),
    out: values.out,
    profile: values.profile === undefined ? undefined : workload(values.profile),
    floors: values.floors,
    peers: values.peers ?? (values.against === undefined && values.grants === undefined),
    grants:
      values.grants === undefined ? [] : values.grants.split(',').map((text) => count('--grants', text)),
    starts: values.starts ? 'only' : hasStarts(values) ? 'too' : 'none',
  }
}

/** Whether a run is that of all workloads, to which cold starts belong. */
const hasStarts = ({
  only,
  latency,
  grants,
}: Readonly<Partial<Record<'only' | 'latency' | 'grants', string>>>) =>
  only === undefined && latency === undefined && grants === undefined

function count(flag: string, text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new Error(`${flag} ${text}: numbers of grants are expected.`)
  return Number(text)
}

function number(flag: string, text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${flag} ${text}: a number above 0 is expected.`)
  return value
}

function workload(text: string): WorkloadName {
  const known = WORKLOAD_NAMES.find((name) => name === text)
  if (known === undefined)
    throw new Error(`There is no workload ${text}. There are: ${WORKLOAD_NAMES.join(', ')}`)
  return known
}
