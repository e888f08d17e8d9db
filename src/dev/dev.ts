import { createServer } from 'node:net'
import { isLoopbackHost } from '../util/loopback.ts'
import { CommandError } from './command-error.ts'
import { seedDemoClient } from './demo-client.ts'
import { migratedIn, readTarget } from './deploy-target.ts'
import { isOfRequest, shownLine } from './dev-lines.ts'
import { noteRunning, stateOf } from './dev-note.ts'
import { type DevPlan, planDev } from './dev-plan.ts'
import { addSystemSecret, readDevVars } from './dev-secrets.ts'
import { Options } from './options.ts'
import { DEV_VARS } from './paths.ts'
import { awaitReady } from './probe.ts'
import { writeSite } from './site/build.ts'
import { runTool, ToolGroup } from './tools.ts'

const PARENT_CHECK_MS = 500

/**
 * `ladon dev`: makes a secret, applies the migrations, starts the server, registers the demo client and runs until it
 * is stopped. Returns the exit code. Throws CommandError if a step fails.
 */
export async function dev(args: readonly string[]): Promise<number> {
  const present = await readDevVars(DEV_VARS)
  const asked = new Options(args)
  const options = asked.without({ flags: ['json'], values: [] })
  const databases = migratedIn(readTarget(options).config).map(({ binding }) => binding)
  const plan = planDev(options, present, databases)
  await assertPortFree(plan)
  if (plan.needsSecret) {
    await addSystemSecret(DEV_VARS, present)
    console.log(
      'Made a development secret in .dev.vars (keep it: local state is sealed with it; never commit it).',
    )
  }
  await migrate(plan)
  await writeSite()
  const shown = {
    json: asked.has('json'),
    colours: process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '',
  }
  let started = false
  const server = new ToolGroup('wrangler', plan.serveArgs, (line) =>
    // What this command itself asks until the server is ready is nobody's request.
    started || shown.json || !isOfRequest(line) ? shownLine(line, shown) : null,
  )
  const stopped = stopRequested()
  const takeNoteAway = await noteRunning(stateOf(options), plan, server.id)
  try {
    const ready = await Promise.race([awaitReady(plan, () => server.over), stopped])
    if (ready === 'stop') return 0
    if (!ready) return (await server.exited) || 1
    await seedDemoClient(plan)
    console.log(welcome(plan))
    started = true
    const ended = await Promise.race([server.exited, stopped])
    return ended === 'stop' ? 0 : ended
  } finally {
    await server.stop()
    await takeNoteAway()
  }
}

/** Resolves when this command gets a signal to stop, or when its parent process has ended. */
function stopRequested(): Promise<'stop'> {
  const parent = process.ppid
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('stop'))
    setInterval(() => process.ppid !== parent && resolve('stop'), PARENT_CHECK_MS).unref()
  })
}

async function assertPortFree({ listen }: DevPlan): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (thrown: NodeJS.ErrnoException) => {
      const reason = thrown.code === 'EADDRINUSE' ? 'is already in use' : `cannot be used (${thrown.code})`
      reject(
        new CommandError(
          `Port ${listen.port} ${reason}. Take another one: npm run dev -- --port ${listen.port + 1}`,
        ),
      )
    })
    probe.listen(listen.port, listen.host, () => probe.close(() => resolve()))
  })
}

async function migrate({ migrateSteps }: DevPlan): Promise<void> {
  for (const step of migrateSteps) {
    const { code, output } = await runTool('wrangler', step, true)
    if (code !== 0) throw new CommandError(`The D1 migrations could not be applied.\n${output}`)
  }
}

function welcome(plan: DevPlan): string {
  const reset = plan.persistTo === undefined ? '' : ` -- --persist-to ${plan.persistTo}`
  const click = plan.demoPages
    ? [
        `  Click here    ${plan.base}/`,
        plan.loginPage ? `  Login page    ${plan.loginPage}` : '  Demo user     demo / demo',
      ]
    : ['  Demo pages    off; DEMO_PAGES=true turns them on']
  return [
    '',
    `Ladon is ready on ${plan.base}`,
    '',
    ...elsewhere(plan),
    ...plan.misspelt.map((problem) => `  ${problem}`),
    ...click,
    `  Admin key     ${plan.adminKey}   (Authorization: Bearer …, under ${plan.base}/admin/)`,
    `  Discovery     ${plan.base}/.well-known/openid-configuration`,
    `  Documents     ${plan.base}/docs`,
    `  State         ${plan.persistTo ?? '.wrangler/state'}, kept until "npm run dev:reset${reset}"`,
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n')
}

/** Returns a line for an issuer that is not this machine, since the server refuses requests for a local host name. */
function elsewhere({ base, listen }: DevPlan): readonly string[] {
  const { hostname, host } = new URL(base)
  if (isLoopbackHost(hostname)) return []
  return [`  Listens on    port ${listen.port} of this machine, for requests to ${host}`]
}
