/**
 * `npm run bench`: how operations compare with an empty answer of the same Worker, in one run. Rounds alternate, the
 * median counts, and only ratios are worth quoting: local workerd runs everything on one thread.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request as send } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBenchServer } from './server.ts'

const ROUNDS = 5
const REQUESTS = 300
const CONCURRENCY = 16
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

interface Call {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

interface Answer {
  readonly status: number
  readonly text: string
}

const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY })
const directory = await mkdtemp(join(tmpdir(), 'ladon-bench-'))
const server = await startBenchServer(directory)

try {
  await run()
} finally {
  await server.stop()
  agent.destroy()
  await rm(directory, { recursive: true, force: true })
}

async function run(): Promise<void> {
  const operations = await prepare()
  const rates = new Map(Object.keys(operations).map((name) => [name, [] as number[]]))
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, call] of Object.entries(operations)) {
      const rate = await measure(call)
      // The first round warms up.
      if (round > 0) rates.get(name)?.push(rate)
    }
  }
  const floor = median(rates.get('empty answer') ?? [])
  console.log(`${ROUNDS} rounds of ${REQUESTS} requests, ${CONCURRENCY} at a time\n`)
  console.log('| operation | time against an empty answer |\n| --- | --- |')
  for (const [name, own] of rates) console.log(`| ${name} | ${(floor / median(own)).toFixed(1)} |`)
}

/** What is measured; every call must succeed. */
async function prepare(): Promise<Readonly<Record<string, Call>>> {
  const opaque = await register('opaque')
  const jwt = await register('jwt')
  const token = JSON.parse((await ask(opaque)).text).access_token
  const admin = { authorization: `Bearer ${server.adminKey}` }
  return {
    'empty answer': { method: 'GET', path: '/health/alive' },
    discovery: { method: 'GET', path: '/.well-known/openid-configuration' },
    'client_credentials, opaque': opaque,
    'client_credentials, RS256 JWT': jwt,
    introspection: {
      method: 'POST',
      path: '/admin/oauth2/introspect',
      headers: { ...FORM, ...admin },
      body: `token=${token}`,
    },
    'client by the admin API': { method: 'GET', path: '/admin/clients/bench-opaque', headers: admin },
  }
}

async function register(strategy: string): Promise<Call> {
  const id = `bench-${strategy}`
  const client = {
    client_id: id,
    client_secret: 'bench-secret',
    grant_types: ['client_credentials'],
    access_token_strategy: strategy,
  }
  const headers = { authorization: `Bearer ${server.adminKey}`, 'content-type': 'application/json' }
  await ask({ method: 'POST', path: '/admin/clients', headers, body: JSON.stringify(client) })
  return {
    method: 'POST',
    path: '/oauth2/token',
    headers: { ...FORM, authorization: `Basic ${btoa(`${id}:bench-secret`)}` },
    body: 'grant_type=client_credentials',
  }
}

/** Requests per second of one round. */
async function measure(call: Call): Promise<number> {
  const started = performance.now()
  let left = REQUESTS
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await ask(call)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return (REQUESTS * 1000) / (performance.now() - started)
}

function ask({ method, path, headers = {}, body = '' }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = send(`${server.base}${path}`, { method, headers, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        const status = response.statusCode ?? 0
        if (status >= 400) reject(new Error(`${method} ${path} answered ${status}: ${text}`))
        else resolve({ status, text })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0
}
