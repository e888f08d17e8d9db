import { CommandError } from './command-error.ts'
import { type AccountState, readAccount, workersDevAddress } from './deploy-account.ts'
import { refuseOtherAccount } from './deploy-address.ts'
import { refusal } from './deploy-check.ts'
import { adoptCopies } from './deploy-copies.ts'
import { refuseEmptied } from './deploy-emptied.ts'
import { planResidency } from './deploy-jurisdiction.ts'
import { noteDeployed, refuseRenamed } from './deploy-note.ts'
import { OWN_HELP, type OwnOptions, ownOptions } from './deploy-options.ts'
import {
  deployStep,
  deploySteps,
  missingSettings,
  misspeltSettings,
  type WranglerCall,
  workerOf,
} from './deploy-plan.ts'
import { askReady } from './deploy-ready.ts'
import { setUp } from './deploy-setup.ts'
import { type Installation, readOthers, readTarget, setSettings } from './deploy-target.ts'
import { Options } from './options.ts'
import { ROOT } from './paths.ts'
import { writeSite } from './site/build.ts'
import { runTool } from './tools.ts'

/** An installation whose Worker has a name. */
type Named = Installation & { readonly worker: string }

/**
 * `ladon deploy`: applies the migrations, deploys the Worker and asks it whether it is ready. Returns the exit code of
 * the first step that fails, 1 if the server answers that it is not ready, or 0. Throws CommandError with exit code 2,
 * before anything is written, if the deployment could not work, would use resources of another installation, would leave
 * the sessions of this one behind, or take variables of the dashboard away.
 */
export async function deploy(args: readonly string[]): Promise<number> {
  const { own, options } = ownOptions(new Options(args))
  if (options.has('help')) {
    const { code } = await runTool('wrangler', deployStep(options))
    process.stdout.write(OWN_HELP)
    return code
  }
  process.chdir(ROOT)
  const target = checkedTarget(options)
  await writeSite()
  if (options.has('dry-run')) {
    const { code } = await runTool('wrangler', deployStep(options))
    process.stdout.write(misspeltSettings(setSettings(target, options).keys()))
    return code
  }
  const state = await readAccount(target, options)
  const issuer = own.issuer ?? setSettings(target, options).get('URLS_SELF_ISSUER')
  await refuseOtherAccount(target.worker, issuer, options)
  if (!own.renamed) await refuseRenamed(target, target.worker, state, options)
  await refuseEmptied(target, own.setup ? ['URLS_SELF_ISSUER'] : [], options)
  return roll(target, own, state, options)
}

/** Carries out a deployment that is allowed. */
async function roll(target: Named, own: OwnOptions, state: AccountState, options: Options): Promise<number> {
  const residency = planResidency(own, target, state, options)
  const made = own.setup ? await setUp(target, own, state, options) : undefined
  process.stdout.write(made?.text ?? '')
  const secretsFile = made === undefined ? [] : ['--secrets-file', made.secretsFile]
  const upload = new Options([...options.args, ...residency.args, ...secretsFile])
  await adoptCopies(target, state, options)
  const databases = residency.make.length > 0 ? state.databases.map(there) : state.databases
  const code = await runSteps([...residency.make, ...deploySteps(upload, databases)])
  if (code !== 0) return code
  const settings = setSettings(target, upload)
  if (made !== undefined) settings.set('URLS_SELF_ISSUER', made.issuer)
  await noteDeployed(target, {
    worker: target.worker,
    issuer: settings.get('URLS_SELF_ISSUER'),
    workersDev: await workersDevAddress(target.worker, options),
  })
  process.stdout.write(residency.text + secondWay(target))
  const present = new Set([...settings.keys(), ...(state.secrets ?? []), ...(made?.secrets ?? [])])
  const missing = missingSettings(present, workerOf(options))
  process.stdout.write(missing + misspeltSettings(present))
  return missing === '' ? tellReadiness(target, settings) : 0
}

const there = (database: AccountState['databases'][number]) => ({ ...database, exists: true })

async function runSteps(steps: readonly WranglerCall[]): Promise<number> {
  for (const step of steps) {
    const { code } = await runTool('wrangler', step)
    if (code === 0) continue
    console.error(
      `\nwrangler ${nameOf(step)} failed, and nothing was done after it. The same command again goes on from there.`,
    )
    return code
  }
  return 0
}

/** The command without its options, whose values may be secret (`--var`). */
function nameOf(step: WranglerCall): string {
  const end = step.findIndex((arg) => arg.startsWith('-'))
  return step.slice(0, end === -1 ? 1 : end).join(' ')
}

/** Asks the server whether it is ready, and prints what it says. Returns 1 if it says that it is not. */
async function tellReadiness(target: Named, settings: ReadonlyMap<string, string>): Promise<number> {
  const base = addressOf(target, settings)
  if (base === undefined) {
    console.log('\nThe issuer is a secret: open its /health/ready, which makes the signing keys.')
    return 0
  }
  const { state, text } = await askReady(base)
  console.log(`\n${text}`)
  return state === 'failing' ? 1 : 0
}

/**
 * Returns the address at which a Worker is reached: the public URL or issuer; or, while the issuer still leads to another
 * server, the address below workers.dev that it answers at (`PUBLIC_HOSTS`).
 */
function addressOf({ routes, worker }: Named, settings: ReadonlyMap<string, string>): string | undefined {
  const own = (settings.get('PUBLIC_HOSTS') ?? '')
    .split(/[\s,]+/)
    .find((host) => host.startsWith(`${worker}.`) && host.endsWith('.workers.dev'))
  if (routes.length === 0 && own !== undefined) return `https://${own}`
  return (settings.get('URLS_SELF_PUBLIC') ?? settings.get('URLS_SELF_ISSUER'))?.replace(/\/+$/, '')
}

/** Says that the address below workers.dev is a second way in, if it is. */
function secondWay({ config, routes }: Named): string {
  if (config.workers_dev !== true || routes.length === 0) return ''
  return '\nworkers_dev = true beside a route is a way in past the firewall rules of your zone: leave it out.\n'
}

function checkedTarget(options: Options): Named {
  if (options.has('cwd'))
    throw new CommandError('Nothing was deployed: --cwd is not for this command. Say --config FILE.', 2)
  const target = readTarget(options)
  const reason = refusal(target, readOthers(target))
  if (reason !== undefined) throw new CommandError(reason, 2)
  return { ...target, worker: target.worker ?? '' }
}
