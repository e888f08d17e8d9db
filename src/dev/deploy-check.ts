import { environmentLines, linesOf, type Part, type Place } from './deploy-blocks.ts'
import { type Shared, sharedWith } from './deploy-shared.ts'
import { type Installation, type RateLimit, titleOf } from './deploy-target.ts'

/** An installation whose Worker has a name, and the rate limits that it should have. */
type Named = Installation & Place

/** One reason to refuse a deployment. */
interface Fault {
  readonly what: string
  /** The lines of configuration that mend it. */
  readonly write: readonly string[]
}

/**
 * Returns why an installation must not be deployed: it lacks a part that it needs, or it would use the Worker,
 * database, namespace or domain of another installation. Undefined if it may be deployed.
 */
export function refusal(target: Installation, others: readonly Installation[]): string | undefined {
  const faults = faultsOf(target, others)
  if (faults.length === 0) return undefined
  const parts = faults.flatMap(({ what, write }) => [
    `- ${what}`,
    '',
    ...(write.length === 0 ? [] : [...write.map((line) => (line === '' ? '' : `      ${line}`)), '']),
  ])
  return [
    `Nothing was deployed: ${titleOf(target)} is not an installation of its own.`,
    '',
    ...parts,
    'docs/guides/deploy.md has a whole environment, below "Staging".',
  ].join('\n')
}

function faultsOf(target: Installation, others: readonly Installation[]): readonly Fault[] {
  const { environment, worker, config, file } = target
  if (worker === undefined) return [{ what: 'The Worker has no name.', write: ['name = "ladon"'] }]
  const named = { ...target, worker, limits: limitsOf([target, ...others]) }
  if (environment !== undefined && !config.definedEnvironments.includes(environment))
    return [
      { what: `There is no env.${environment}. Write:`, write: environmentLines({ ...named, environment }) },
    ]
  const twins = others.filter((other) => other.file === file && other.worker === worker)
  const shared = sharedWith(named, others)
  return [
    ...missingParts(named),
    ...twins.map((twin) => ({
      what: `The Worker ${worker} is that of ${titleOf(twin)}: it needs another name.`,
      write: [],
    })),
    ...(worker === config.name || shared.length === 0
      ? sharedFaults(named, shared)
      : [renamedFault(named, shared)]),
  ]
}

/** Returns the rate limits of the first installation at the top level of a file: those of its environments follow. */
function limitsOf(all: readonly Installation[]): readonly RateLimit[] {
  const top = all.find(({ environment, config }) => environment === undefined && config.ratelimits.length > 0)
  return top?.config.ratelimits ?? []
}

/** The rate limits that an installation lacks and has not switched off. */
function missingLimits({ config, limits }: Named): readonly RateLimit[] {
  const off = String(config.vars['LIMITS_OFF'] ?? '').toLowerCase()
  return limits.filter(
    ({ name }) =>
      !config.ratelimits.some((one) => one.name === name) &&
      !off.includes(name.replace('LIMIT_', '').toLowerCase()),
  )
}

function missingParts(target: Named): readonly Fault[] {
  const { config, worker, environment } = target
  const database = config.d1_databases.find(({ binding }) => binding === 'DB')
  const ledger = config.durable_objects.bindings.find(({ name }) => name === 'LEDGER')
  const ledgerOwner = ledger?.script_name ?? worker
  const limits = missingLimits(target)
  const inherits = environment === undefined ? '' : ' of its own, and environments inherit none'
  const parts: readonly (readonly [part: Part, present: boolean, what: string])[] = [
    [
      'database',
      (database?.database_id ?? database?.database_name) !== undefined,
      `It has no D1 database DB${inherits}. Write:`,
    ],
    [
      'copies',
      config.kv_namespaces.some(({ binding }) => binding === 'COPIES'),
      `It has no KV namespace COPIES${inherits}. Write:`,
    ],
    [
      'ledger',
      ledger?.class_name === 'Ledger',
      `It has no Durable Objects LEDGER of class Ledger${inherits}. Write:`,
    ],
    ['ledger', ledgerOwner === worker, `LEDGER is bound to the ledgers of ${ledgerOwner}. Write instead:`],
    [
      'migration',
      config.migrations.some(({ new_sqlite_classes: classes }) => classes.includes('Ledger')),
      'It has no migration that makes the class Ledger. Write:',
    ],
    [
      'crons',
      config.triggers.crons.length > 0,
      'It has no cron trigger, which purges D1 and rotates keys. Write:',
    ],
    [
      'limits',
      limits.length === 0,
      `It does not limit floods by ${limits.map(({ name }) => name).join(', ')}${inherits}. Write:`,
    ],
  ]
  return parts
    .filter(([, present]) => !present)
    .map(([part, , what]) => ({ what, write: linesOf(part, { ...target, limits }) }))
}

function sharedFaults(target: Named, shared: readonly Shared[]): readonly Fault[] {
  const kinds = { database: 'The D1 database', copies: 'The KV namespace', routes: 'The domain' } as const
  const parts = (['database', 'copies', 'routes'] as const).filter((part) =>
    shared.some(({ kind }) => kind === part),
  )
  return parts.map((part) => {
    const those = shared.filter(({ kind }) => kind === part)
    const list = those.map(({ name, owner }) => `${name} is that of ${titleOf(owner)}`).join(', ')
    // The lines name the database after the Worker, which does not help if that name is the shared one.
    const write = those.some(({ name }) => name === target.worker) ? [] : linesOf(part, target)
    return {
      what: `${kinds[part]} ${list}. ${write.length === 0 ? 'Give one another name.' : 'Write instead:'}`,
      write,
    }
  })
}

/** Returns what a Worker of another name would share, and the environment to write instead of `--name`. */
function renamedFault(target: Named, shared: readonly Shared[]): Fault {
  const list = shared.map(({ name, owner }) => `${name} (${titleOf(owner)})`).join(', ')
  return {
    what:
      `--name ${target.worker} would use what belongs to another Worker: ${list}. Write an environment, and deploy ` +
      `it with "npm run deploy -- --env ${target.worker}":`,
    write: environmentLines({ ...target, environment: target.worker }),
  }
}
