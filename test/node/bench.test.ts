import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { creation, resolved, storedIn } from '../../src/ledger/layout.ts'
import { Lane } from '../bench/generator/lane.ts'
import { requestText } from '../bench/generator/site.ts'
import { readOptions } from '../bench/options.ts'
import { record } from '../bench/report/document.ts'
import { ratioOf, summary } from '../bench/report/summary.ts'
import { tablesOf } from '../bench/report/table.ts'
import type { Result } from '../bench/run.ts'
import { seedGrants } from '../bench/serve/seed.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ladon-bench-units-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const sample = (cpu: number) => ({ cpu, perSecond: 1, p50: 1, p95: 2, p99: 3, units: 10, generator: 0.1 })

/** A system that took so long for introspection, round by round. */
const result = (system: string, ...cpu: readonly number[]): Result => ({
  system,
  durability: 'none',
  samples: new Map([['introspection', cpu.map(sample)]]),
  memory: [100, 120],
  failures: new Map(),
})

describe('the figures of the benchmark', () => {
  it('are medians over the rounds', () => {
    expect(summary([30, 10, 1000].map(sample)).cpu).toBe(30)
    expect(summary([10, 20].map(sample)).cpu).toBe(15)
  })

  it('are compared round by round', () => {
    expect(ratioOf(result('one', 10, 40, 90), result('other', 20, 40, 60), 'introspection')).toBe(1)
    expect(ratioOf(result('one', 10), result('other', 20, 40), 'introspection')).toBeUndefined()
  })

  it('stand beside their floor, their goal and the other systems', () => {
    const floors: Result = { ...result('floors'), samples: new Map([['read', [sample(400)]]]) }
    const results = [result('Ladon', 800), result('another', 1600), floors]
    const tables = tablesOf({ only: ['introspection'], rounds: 1, floors: true }, { results, starts: [] })
    expect(tables).toContain(
      '| introspection, live token of a grant | 800 | 400 (read) | 2.00 x | 1.60 x | 1600 (0.50) |',
    )
    expect(tables).toContain('| another | none | 120 |')
  })

  it('say whether the generator was the limit', () => {
    const floorsOf = (perSecond: number): Result => ({
      ...result('floors'),
      samples: new Map([['socket', [{ ...sample(20), perSecond }]]]),
    })
    const given = { only: ['introspection'], rounds: 1, floors: true } as const
    const told = (perSecond: number): string =>
      tablesOf(given, { results: [result('Ladon', 800), floorsOf(perSecond)], starts: [] })
    expect(told(30_000)).toContain(
      'at most 10 % busy, the fastest row 1 a second; a bare socket answered 30000',
    )
    expect(told(30_000)).not.toContain('the limit')
    expect(told(1)).toContain('**It may have been the limit.**')
  })

  it('are told of cold starts as what is above an empty Worker', () => {
    const starts = [
      { name: 'an empty Worker', starts: [{ listening: 30, answered: 31 }] },
      { name: 'Ladon', starts: [{ listening: 50, answered: 54 }] },
    ]
    const tables = tablesOf({ only: [], rounds: 1, floors: false }, { results: [], starts })
    expect(tables).toContain('| Ladon | 50.0 | 4.0 | 20.0 | 3.0 |')
  })
})

describe('docs/bench.md', () => {
  it('has a place for each kind of run, and each run fills its own', async () => {
    const text = await readFile(new URL('../../docs/bench.md', import.meta.url), 'utf8')
    const out = join(folder, 'bench.json')
    await writeFile(join(folder, 'bench.md'), text)
    await record(out, 'main', { rounds: 5 }, 'the first table')
    await record(out, 'grants', { rounds: 3 }, 'the second table')
    await record(out, 'latency', { rounds: 2 }, 'the third table')
    await record(out, 'main', { rounds: 7 }, 'a newer table')
    const filled = await readFile(join(folder, 'bench.md'), 'utf8')
    for (const [kind, table] of [
      ['main', 'a newer table'],
      ['grants', 'the second table'],
      ['latency', 'the third table'],
    ])
      expect(filled).toContain(`<!-- bench:${kind} -->\n${table}\n<!-- /bench -->`)
    expect(filled).not.toContain('the first table')
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual({
      main: { rounds: 7 },
      grants: { rounds: 3 },
      latency: { rounds: 2 },
    })
  })
})

describe('the flags of the benchmark', () => {
  it('leave peers out of comparisons, and cold starts out of parts', () => {
    expect(readOptions([])).toMatchObject({ rounds: 5, peers: true, floors: true, starts: 'too' })
    expect(readOptions(['--against', '.'])).toMatchObject({ peers: false })
    expect(readOptions(['--grants', '0,10000'])).toMatchObject({ peers: false, grants: [0, 10_000] })
    expect(readOptions(['--only', 'jwks,login'])).toMatchObject({ only: ['jwks', 'login'], starts: 'none' })
    expect(readOptions(['--help'])).toBeUndefined()
  })

  it.each([
    [['--only', 'logins'], 'There is no workload logins'],
    [['--rounds', '0'], '--rounds 0: a number above 0'],
    [['--latency', 'slow'], '--latency slow: a number above 0'],
    [['--grants', '-1'], '--grants'],
    [['--grants=1e9'], '--grants 1e9: numbers of grants'],
    [['--quick'], '--quick'],
  ])('%j is refused', (flags, why) => {
    expect(() => readOptions(flags)).toThrow(why)
  })
})

it('a connection that the server closed is opened again', async () => {
  const closed: Promise<unknown>[] = []
  const server = createServer((socket) => {
    closed.push(once(socket, 'close'))
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const site = { port, origin: 'https://login.example', absolute: false }
  const lane = new Lane()
  for (let times = 0; times < 3; times += 1) {
    const { body } = await lane.ask(site, requestText(site, 'GET', '/'), 200)
    expect(body).toBe('done')
    await Promise.all(closed)
  }
  expect(closed).toHaveLength(3)
  lane.close()
  await new Promise((resolve) => server.close(resolve))
})

it('many grants are copies of one login, with ids of their own, in the ledger of its subject', async () => {
  const state = join(folder, 'state')
  await mkdir(state)
  const other = new DatabaseSync(join(state, 'another.sqlite'))
  other.exec(`${creation('directory')}; INSERT INTO directory VALUES ('0123456789abcdef', 'owner')`)
  const ledger = new DatabaseSync(join(state, 'ledger.sqlite'))
  ledger.exec(`${creation('grants')};
    INSERT INTO ${storedIn('sessions')} (kind, id, subject) VALUES (1, '0123456789abcdef', 'user');
    INSERT INTO ${storedIn('grants')} (kind, id, sid, record) VALUES (0, 'fedcba9876543210', '0123456789abcdef', '{}')`)
  await seedGrants(state, 0)
  await seedGrants(state, 60_000)
  const read = (statement: string) => ledger.prepare(resolved(statement)).get()
  const all =
    'count(DISTINCT id) AS ids, count(DISTINCT sid) AS sids, max(length(id)) AS longest, min(record) AS record'
  expect(read(`SELECT ${all} FROM grants`)).toEqual({ ids: 60_000, sids: 60_000, longest: 16, record: '{}' })
  expect(read('SELECT count(*) AS rows FROM sessions')).toEqual({ rows: 60_000 })
  expect(read('SELECT count(*) AS rows FROM grants JOIN sessions USING (sid)')).toEqual({ rows: 60_000 })
  expect(other.prepare('SELECT count(*) AS rows FROM directory').get()).toEqual({ rows: 1 })
})
