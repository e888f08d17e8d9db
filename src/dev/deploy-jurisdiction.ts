import { CommandError } from './command-error.ts'
import type { AccountState } from './deploy-account.ts'
import type { OwnOptions } from './deploy-options.ts'
import { configOf, type WranglerCall } from './deploy-plan.ts'
import type { Installation } from './deploy-target.ts'
import type { Options } from './options.ts'

/** The setting that restricts ledgers, and the one that names where some are already. */
const SETTING = 'LEDGER_JURISDICTION'
const BEFORE = 'LEDGER_JURISDICTIONS_BEFORE'

/** What a deployment does so that data stays in a jurisdiction. */
export interface Residency {
  /** The wrangler commands that make D1 databases, before anything is written. */
  readonly make: readonly WranglerCall[]
  /** Further arguments of the upload. */
  readonly args: readonly string[]
  /** What the user should know. */
  readonly text: string
}

/**
 * Plans where D1 and ledgers are to be: as `--jurisdiction` says, or else the variable LEDGER_JURISDICTION. Neither can
 * be moved later. Without either, nothing is planned. Where LEDGER_JURISDICTIONS_BEFORE is set, only new ledgers are
 * meant, and the database may stay where it is.
 *
 * @throws CommandError with exit code 2 if the database is there already, in another place
 */
export function planResidency(
  own: OwnOptions,
  { config }: Pick<Installation, 'config'>,
  { databases }: AccountState,
  options: Options,
): Residency {
  const variable = (name: string): unknown => options.vars().get(name) ?? config.vars[name]
  const set = variable(SETTING)
  const isSet = typeof set === 'string' && set !== '' && set !== 'none'
  const wanted = own.jurisdiction ?? (isSet ? set : undefined)
  if (wanted === undefined) return { make: [], args: [], text: '' }
  if (isSet && set !== wanted)
    throw new CommandError(`Nothing was deployed: ${SETTING} is ${set}, and --jurisdiction ${wanted}.`, 2)
  const elsewhere = databases.find(({ exists, jurisdiction }) => exists && jurisdiction !== wanted)
  const onlyLedgers = own.jurisdiction === undefined && Boolean(variable(BEFORE))
  if (elsewhere !== undefined && !onlyLedgers)
    throw new CommandError(
      `Nothing was deployed: the D1 database ${elsewhere.name} is there already, ${
        elsewhere.jurisdiction === null ? 'in no jurisdiction' : `in ${elsewhere.jurisdiction}`
      }, and cannot be moved to ${wanted}. Restore a backup into a new one: docs/guides/backup.md.`,
      2,
    )
  const create = (name: string): WranglerCall => [
    ...['d1', 'create', name, '--jurisdiction', wanted, '--no-update-config'],
    ...configOf(options),
  ]
  return {
    make: databases.filter(({ exists }) => !exists).map(({ name }) => create(name)),
    args: set === wanted ? [] : ['--var', `${SETTING}:${wanted}`],
    text: [
      '',
      elsewhere === undefined
        ? `D1 and new ledgers are restricted to ${wanted}.`
        : `New ledgers are restricted to ${wanted}. D1 is not: it stays where it was made.`,
      'KV knows no jurisdiction: copies of clients and sealed keys are everywhere. Logs are where you send them.',
      ...(set === wanted ? [] : [`Write ${SETTING} = "${wanted}" into the variables of wrangler.toml.`]),
      '',
    ].join('\n'),
  }
}
