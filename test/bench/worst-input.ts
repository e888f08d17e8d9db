/**
 * `npm run bench:worst`: the CPU time that workerd takes for the worst input of each route, at an eighth of its size and at
 * its whole. Unlike `test/flows/work.test.ts`, which counts, this measures, so it is no part of `npm test`.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { request as send } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ask, type Call, ROUTES, worstInputs } from '../support/worst-input.ts'
import { startBenchServer } from './server.ts'

/** How often an input is sent: the operating system counts CPU time in hundredths of a second. */
const TIMES = 10
const TICKS_PER_SECOND = 100

/** Longest headers of an answer, in bytes: links of a list repeat its path and query, which may be a subject of 8,000. */
const MAX_HEADERS = 64 * 1024

const directory = await mkdtemp(join(tmpdir(), 'ladon-worst-'))
const server = await startBenchServer(directory, { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' })

try {
  await run()
} finally {
  await server.stop()
  await rm(directory, { recursive: true, force: true })
}

async function run(): Promise<void> {
  const rows: { readonly name: string; readonly less: number; readonly more: number }[] = []
  for (const route of ROUTES) {
    for (const { name, most, make } of worstInputs(route)) {
      const less = await measure(await make(ask, Math.floor(most / 8)))
      const more = await measure(await make(ask, most))
      rows.push({ name: `${route}: ${name}`, less, more })
    }
  }
  rows.sort((one, other) => other.more - one.more)
  console.log(`CPU of workerd for one request, mean of ${TIMES}, the dearest of ${rows.length} inputs\n`)
  console.log('| input | an eighth, ms | whole, ms |\n| --- | --- | --- |')
  for (const { name, less, more } of rows.slice(0, 20))
    console.log(`| ${name} | ${less.toFixed(1)} | ${more.toFixed(1)} |`)
}

/** Milliseconds of CPU that one request takes. */
async function measure(call: Call): Promise<number> {
  await ask(call)
  const before = await cpuSeconds()
  for (let times = 0; times < TIMES; times += 1) await ask(call)
  return (((await cpuSeconds()) - before) * 1000) / TIMES
}

/** User and system time of the workerd that this process started (proc(5), fields 14 and 15 of `stat`). */
async function cpuSeconds(): Promise<number> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const ticks = await Promise.all(processes.map(ticksOf))
  return ticks.reduce((sum, own) => sum + own, 0) / TICKS_PER_SECOND
}

async function ticksOf(id: string): Promise<number> {
  const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '')
  const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? []
  const fields = rest.split(' ')
  const isOurs = name === 'workerd' && Number(fields[1]) === process.pid
  return isOurs ? Number(fields[11]) + Number(fields[12]) : 0
}

function ask({ method, path, headers = {}, body = '' }: Call): ReturnType<Ask> {
  const key = path.startsWith('/admin') ? { authorization: `Bearer ${server.adminKey}` } : {}
  return new Promise((resolve, reject) => {
    const options = { method, headers: { ...key, ...headers }, maxHeaderSize: MAX_HEADERS }
    const request = send(`${server.base}${path}`, options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        const isJson = response.headers['content-type']?.startsWith('application/json')
        const members: object = isJson ? JSON.parse(text) : {}
        resolve({ ...members, location: response.headers.location })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}
