import { CommandError } from './command-error.ts'
import { refusal } from './deploy-check.ts'
import {
  configOf,
  deployStep,
  deploySteps,
  missingSettings,
  misspeltSettings,
  workerOf,
} from './deploy-plan.ts'
import { type Installation, readOthers, readTarget } from './deploy-target.ts'
import { Options } from './options.ts'
import { ROOT } from './paths.ts'
import { runTool } from './tools.ts'
import { wranglerJson } from './wrangler-json.ts'

/**
 * `ladon deploy`: applies the migrations and deploys the Worker. Returns the exit code of the first step that fails, or
 * 0. Throws CommandError with exit code 2, before any request to Cloudflare, if the deployment could not work or would
 * use resources of another installation.
 */
export async function deploy(args: readonly string[]): Promise<number> {
  const options = new Options(args)
  if (options.has('help')) return (await runTool('wrangler', deployStep(options))).code
  process.chdir(ROOT)
  const { config } = checkedTarget(options)
  const variables = [...Object.keys(config.vars), ...options.vars().keys()]
  if (options.has('dry-run')) {
    const { code } = await runTool('wrangler', deployStep(options))
    process.stdout.write(misspeltSettings(variables))
    return code
  }
  const known = namesIn(await wranglerJson(['d1', 'list', '--json', ...configOf(options)]))
  const databases = config.d1_databases
    .filter(({ binding }) => binding === 'DB' || binding === 'BOOK')
    .map(({ binding, database_id: id, database_name: name }) => ({
      binding,
      exists: id !== undefined || known.has(name ?? ''),
    }))
  for (const step of deploySteps(options, databases)) {
    const { code } = await runTool('wrangler', step)
    if (code !== 0) return code
  }
  const secrets = namesIn(await wranglerJson(['secret', 'list', '--format', 'json', ...workerOf(options)]))
  const present = new Set([...secrets, ...variables])
  process.stdout.write(missingSettings(present, workerOf(options)) + misspeltSettings(present))
  return 0
}

function checkedTarget(options: Options): Installation {
  if (options.has('cwd'))
    throw new CommandError('Nothing was deployed: --cwd is not for this command. Say --config FILE.', 2)
  const target = readTarget(options)
  const reason = refusal(target, readOthers(target))
  if (reason !== undefined) throw new CommandError(reason, 2)
  return target
}

/** Returns the `name` members of a JSON array of objects. */
function namesIn(list: unknown): ReadonlySet<string> {
  if (!Array.isArray(list)) return new Set()
  return new Set(list.flatMap((item: unknown) => (isNamed(item) ? [item.name] : [])))
}

function isNamed(item: unknown): item is { readonly name: string } {
  return typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string'
}
