import * as v from 'valibot'
import { unstable_readConfig } from 'wrangler'
import { CommandError } from './command-error.ts'
import { configOf, deployStep, deploySteps, missingSettings } from './deploy-plan.ts'
import { Options } from './options.ts'
import { ROOT } from './paths.ts'
import { runTool } from './tools.ts'

const Configuration = v.object({
  vars: v.record(v.string(), v.unknown()),
  d1_databases: v.array(
    v.object({
      binding: v.string(),
      database_name: v.optional(v.string()),
      database_id: v.optional(v.string()),
    }),
  ),
})

/** `ladon deploy`: migrations and Worker, in the order that fits. Resolves to the first failing step's exit code. */
export async function deploy(args: readonly string[]): Promise<number> {
  const options = new Options(args)
  if (options.has('dry-run') || options.has('help'))
    return (await runTool('wrangler', deployStep(options))).code
  const config = readConfig(options)
  const known = namesIn(await json(['d1', 'list', '--json', ...configOf(options)]))
  const database = config.d1_databases.find(({ binding }) => binding === 'DB')
  const exists = database?.database_id !== undefined || known.has(database?.database_name ?? '')
  for (const step of deploySteps(options, exists)) {
    const { code } = await runTool('wrangler', step)
    if (code !== 0) return code
  }
  const secrets = namesIn(await json(['secret', 'list', '--format', 'json', ...configOf(options)]))
  const present = new Set([...secrets, ...Object.keys(config.vars), ...options.vars().keys()])
  process.stdout.write(missingSettings(present, configOf(options)))
  return 0
}

/** The configuration that wrangler will deploy. */
function readConfig(options: Options): v.InferOutput<typeof Configuration> {
  process.chdir(ROOT)
  const config: unknown = unstable_readConfig({ config: options.value('config'), env: options.value('env') })
  return v.parse(Configuration, config)
}

/** What wrangler answers in JSON; throws CommandError with its own words when it cannot, as without a login. */
async function json(call: readonly string[]): Promise<unknown> {
  const { code, output } = await runTool('wrangler', call, true)
  const start = output.search(/^[[{]/m)
  if (code !== 0 || start === -1) throw new CommandError(`wrangler ${call.join(' ')} failed:\n${output}`)
  return JSON.parse(output.slice(start))
}

/** The `name` members of a JSON array of objects. */
function namesIn(list: unknown): ReadonlySet<string> {
  if (!Array.isArray(list)) return new Set()
  return new Set(list.flatMap((item: unknown) => (isNamed(item) ? [item.name] : [])))
}

function isNamed(item: unknown): item is { readonly name: string } {
  return typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string'
}
