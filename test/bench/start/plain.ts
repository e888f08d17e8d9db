import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { COMPATIBILITY_DATE } from '../serve/plan.ts'

/** A Worker for plain workerd, without Miniflare around it. Its storage is in memory, its D1 and KV never answer. */
export interface PlainWorker {
  /** Its module. */
  readonly module: string
  readonly settings?: Readonly<Record<string, string>>
  readonly d1?: string
  readonly kv?: string
  /** A Durable Object: its binding and its class. */
  readonly object?: readonly [string, string]
}

/** The runtime's binary, as its package names it. */
function binary(): string {
  const { default: path }: { default: string } = createRequire(import.meta.url)('workerd')
  return path
}

/** A configuration of workerd (workerd.capnp). JSON's strings are strings of Cap'n Proto, too. */
function configuration({ module, settings = {}, d1, kv, object }: PlainWorker, folder: string): string {
  const text = JSON.stringify
  const bindings = [
    ...Object.entries(settings).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...(kv === undefined ? [] : [`(name = ${text(kv)}, kvNamespace = "silent")`]),
    ...(d1 === undefined
      ? []
      : [
          `(name = ${text(d1)}, wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [(name = "fetcher", service = "silent")]))`,
        ]),
    ...(object === undefined
      ? []
      : [`(name = ${text(object[0])}, durableObjectNamespace = ${text(object[1])})`]),
  ]
  const namespaces =
    object === undefined ? '' : `(className = ${text(object[1])}, uniqueKey = "plain", enableSql = true)`
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "silent", worker = .silent)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (style = proxy), service = "main")],
);
const silent :Workerd.Worker = (
  modules = [(name = "silent.js", esModule = "export default { fetch: () => new Response(null, { status: 503 }) }")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
);
const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed ${text(relative(folder, module))})],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [${bindings.join(', ')}],
  durableObjectNamespaces = [${namespaces}],
  durableObjectStorage = (inMemory = void),
);
`
}

/** Starts plain workerd. Resolves when it listens, with its port. */
export async function startPlain(
  worker: PlainWorker,
  folder: string,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const file = join(folder, 'plain.capnp')
  await writeFile(file, configuration(worker, folder))
  const child = spawn(binary(), ['serve', '--control-fd=3', file], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
  })
  const control = child.stdio[3]
  if (!(control instanceof Readable)) throw new Error('workerd cannot tell its port.')
  const ended = once(child, 'exit').then(() => {
    throw new Error(`workerd ended:\n${output}`)
  })
  const port = (await listening(control)) ?? (await ended)
  ended.catch(() => {})
  return { child, port }
}

/** The port that workerd tells, unless it ends before. */
async function listening(control: Readable): Promise<number | undefined> {
  for await (const line of createInterface({ input: control })) {
    const { event, port }: { event?: string; port?: number } = JSON.parse(line)
    if (event === 'listen' && port !== undefined) return port
  }
  return undefined
}
