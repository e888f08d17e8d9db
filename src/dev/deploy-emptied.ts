import { CommandError } from './command-error.ts'
import { variablesOf } from './deploy-account.ts'
import { type Installation, titleOf } from './deploy-target.ts'
import type { Options } from './options.ts'

/**
 * Throws CommandError with exit code 2 if a variable that the Worker has is empty in the configuration, which counts more
 * than the dashboard: the upload would take the login page away, for one. An account that does not tell is believed.
 *
 * @param written - the variables that the deployment itself writes into the configuration
 */
export async function refuseEmptied(
  target: Installation & { readonly worker: string },
  written: readonly string[],
  options: Options,
): Promise<void> {
  const given = options.vars()
  const empty = Object.entries(target.config.vars)
    .filter(([name, value]) => (given.get(name) ?? value) === '' && !written.includes(name))
    .map(([name]) => name)
  if (empty.length === 0) return
  const present = await variablesOf(target.worker, options)
  const lost = empty.filter((name) => present.has(name))
  if (lost.length === 0) return
  throw new CommandError(
    [
      `Nothing was deployed: ${titleOf(target)} has empty variables that the Worker ${target.worker} has a value of, and`,
      'counts more than the dashboard. Write them there, or take them away in the dashboard:',
      '',
      // A secret may stand in a variable by mistake, and this in a log.
      ...lost.map(
        (name) => `      ${name}${name.startsWith('URLS_') ? ` = ${JSON.stringify(present.get(name))}` : ''}`,
      ),
    ].join('\n'),
    2,
  )
}
