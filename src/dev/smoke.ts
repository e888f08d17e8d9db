import { isThisMachine } from '../cli/confidential.ts'
import { plain } from '../cli/plain.ts'
import { readHeaderLines } from '../util/header-lines.ts'
import { isLoopbackHost } from '../util/loopback.ts'
import { CommandError } from './command-error.ts'
import { Options } from './options.ts'
import { type SmokeReceiver, startReceiver } from './smoke-receiver.ts'
import { NoAnswer, SmokeFailure, SmokeServer } from './smoke-server.ts'
import { CLIENT_IS_MADE, type SmokeStep, smokeSteps } from './smoke-steps.ts'

const USAGE = `Usage: LADON_ADMIN_KEY=KEY npm run smoke -- URL [--notices PORT [--notices-url URL]] [--header 'Name: value']

Logs a made-up user in at a temporary client of the server whose issuer is URL, and removes both. The key needs the
scope "all". --notices listens for the back-channel notice on this machine; --notices-url is the address by which the
server reaches that port, for example of a tunnel. --header is sent with every request to that origin, and so are the lines of
LADON_HEADERS: other users of this machine can read arguments, but not that.`

interface Outcome {
  readonly name: string
  readonly ms: number
  /** Why it failed; absent if it went well. */
  readonly failure?: string
  /** Whether there was no answer at all. */
  readonly unreachable?: boolean
}

/**
 * `ladon smoke URL`: a whole login, refresh, introspection, revocation and logout at a server that is deployed. Returns
 * 0 if every step went well, 3 if the server did not answer at all, else 1. Throws CommandError for wrong arguments.
 */
export async function smoke(args: readonly string[]): Promise<number> {
  const options = new Options(args)
  if (options.has('help')) {
    console.log(USAGE)
    return 0
  }
  const server = serverOf(options)
  const notices = await noticesOf(options, server.issuer)
  try {
    const { steps, cleanUp } = smokeSteps({ server, notices })
    const outcomes = await runAll(steps)
    if (outcomes.some(({ name }) => name === CLIENT_IS_MADE))
      for (const step of cleanUp) outcomes.push(await runStep(step))
    console.log(report(outcomes, notices === undefined))
    if (outcomes[0]?.unreachable === true) return 3
    return outcomes.some(({ failure }) => failure !== undefined) ? 1 : 0
  } finally {
    notices?.receiver.close()
  }
}

function serverOf(options: Options): SmokeServer {
  const [given = ''] = options.args
  const adminKey = process.env['LADON_ADMIN_KEY'] ?? ''
  if (!URL.canParse(given)) throw new CommandError(USAGE, 2)
  if (adminKey === '')
    throw new CommandError('LADON_ADMIN_KEY is not set: an API key with the scope "all".', 2)
  const { origin, pathname, protocol, hostname } = new URL(given)
  if (protocol !== 'https:' && !isThisMachine(hostname))
    throw new CommandError('The API key is only sent over https, or to this machine.', 2)
  return new SmokeServer(`${origin}${pathname}`.replace(/\/$/, ''), adminKey, headersOf(options))
}

function headersOf(options: Options): Readonly<Record<string, string>> {
  const kept = (process.env['LADON_HEADERS'] ?? '').split('\n')
  const headers = readHeaderLines([...kept, ...options.values('header')])
  if (headers === undefined) throw new CommandError("--header and LADON_HEADERS need 'Name: value'.", 2)
  return headers
}

/** Starts to listen for notices if that is wanted: always for a server on this machine, which can reach it. */
async function noticesOf(
  options: Options,
  issuer: string,
): Promise<{ readonly receiver: SmokeReceiver; readonly url: string } | undefined> {
  const port = Number(options.value('notices') ?? Number.NaN)
  if (!options.has('notices')) return undefined
  if (!(Number.isInteger(port) && port > 0 && port < 65_536))
    throw new CommandError('--notices needs a port of this machine.', 2)
  const url = options.value('notices-url') ?? `http://localhost:${port}/`
  if (!(options.has('notices-url') || isLoopbackHost(new URL(issuer).hostname)))
    throw new CommandError('--notices-url is needed: the address by which the server reaches that port.', 2)
  return { receiver: await startReceiver(port), url }
}

/** Runs steps up to the first that fails: each needs what the ones before it got. */
async function runAll(steps: readonly SmokeStep[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const step of steps) {
    const outcome = await runStep(step)
    outcomes.push(outcome)
    if (outcome.failure !== undefined) break
  }
  return outcomes
}

async function runStep({ name, run }: SmokeStep): Promise<Outcome> {
  const begun = performance.now()
  const took = (): number => Math.round(performance.now() - begun)
  try {
    await run()
    return { name, ms: took() }
  } catch (thrown) {
    const failure = thrown instanceof SmokeFailure ? thrown.message : describe(thrown)
    return { name, ms: took(), failure, unreachable: thrown instanceof NoAnswer }
  }
}

/** The errors of jose have a code; the message of another one says what this command did not expect. */
function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'failed'
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.message
}

function report(outcomes: readonly Outcome[], withoutNotices: boolean): string {
  const width = Math.max(...outcomes.map(({ name }) => name.length))
  const lines = outcomes.map(({ name, ms, failure }) => {
    const line = `${failure === undefined ? 'ok    ' : 'FAILED'}  ${name.padEnd(width)}  ${String(ms).padStart(6)} ms`
    // What went wrong is told in words of the server, and those of whatever answers in its place.
    return failure === undefined ? line : `${line}  ${plain(failure)}`
  })
  const failed = outcomes.filter(({ failure }) => failure !== undefined).length
  const verdict = failed === 0 ? 'Everything works.' : `${failed} of ${outcomes.length} failed.`
  const note = withoutNotices ? ['Back-channel notices were not tried: --notices PORT'] : []
  return [...lines, '', ...note, verdict].join('\n')
}
