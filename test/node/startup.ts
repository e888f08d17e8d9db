import { Session } from 'node:inspector/promises'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

/**
 * Loads a bundled Worker as an isolate does when it starts, and prints what that took: milliseconds, or with `bytes`
 * how much of its text ran, which slows it down. A program of its own, so that each measurement begins cold:
 * `node startup.ts BUNDLE [bytes]`.
 */

// What the platform brings is there before a Worker starts, and costs it nothing.
const PLATFORM = `
export class DurableObject {}
export class WorkerEntrypoint {}
export const env = {}
export const waitUntil = () => undefined
`

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cloudflare:workers'
      ? { url: `data:text/javascript,${encodeURIComponent(PLATFORM)}`, shortCircuit: true }
      : next(specifier, context),
})

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

/** The bytes of a text that ran: inner ranges are told after the outer ones that hold them, and count instead. */
function bytesRun(ranges: readonly Range[]): number {
  const [whole] = ranges
  const ran = new Uint8Array(whole?.endOffset ?? 0)
  for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  return ran.reduce((sum, byte) => sum + byte, 0)
}

async function bytesOf(url: string): Promise<number> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  await import(url)
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const script = result.find((covered) => covered.url === url)
  const ranges = (script?.functions ?? []).flatMap((covered) => covered.ranges)
  ranges.sort((one, other) => one.startOffset - other.startOffset || other.endOffset - one.endOffset)
  return bytesRun(ranges)
}

async function millisecondsOf(url: string): Promise<number> {
  const startedAt = performance.now()
  await import(url)
  return performance.now() - startedAt
}

const [bundle = '', what] = process.argv.slice(2)
const { href } = pathToFileURL(bundle)
console.log(String(await (what === 'bytes' ? bytesOf(href) : millisecondsOf(href))))
