import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../../support/server.ts'
import { faults } from './faults.ts'
import { call, type Generation, generations, load, methodFor, methodsOf } from './generations.ts'
import { operations } from './operations.ts'
import { renderTable } from './table.ts'
import { World } from './world.ts'

const RESULTS = fileURLToPath(new URL('../../../test-results/', import.meta.url))

const sdks = new Map(generations.map((generation) => [generation, load(generation)]))
const names = Object.keys(operations)
const has = (generation: Generation, name: string): boolean =>
  methodFor(generation, sdks.get(generation), name) !== undefined
const faultOf = (generation: Generation, name: string) =>
  faults.find((fault) => fault.operation === name && fault.generations.includes(generation.label))

let server: RunningServer
let world: World
const cells = new Map<string, string>()

beforeAll(async () => {
  server = await startServer({ vars: { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' } })
  world = new World(server)
})

afterAll(async () => {
  const table = renderTable(generations, names, cells, faults)
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(`${RESULTS}sdk.md`, table)
  console.log(table)
  await server?.stop()
})

/** Calls the operation as the generation does and checks the answer; rejects with what is wrong. */
async function run(generation: Generation, name: string): Promise<void> {
  const made = await operations[name]?.(world)
  if (made === undefined) throw new Error(`no operation ${name}`)
  const given = { base: world.base, args: made.args, identity: made.as, form: made.form }
  const answer = await call(generation, sdks.get(generation), name, given)
  expect(answer.status, JSON.stringify(answer.data)).toBe(made.status)
  if (made.data !== undefined) expect({ data: answer.data }).toMatchObject({ data: made.data })
  if (made.location !== undefined) expect(answer.location).toEqual(made.location)
  if (made.holds !== undefined) expect(await made.holds()).toBe(true)
}

describe.each(generations)("Ory's SDK $label", (generation) => {
  const own = names.filter((name) => has(generation, name))

  it('has no operation that is left out here', () => {
    const covered = new Set(own.map((name) => methodFor(generation, sdks.get(generation), name)))
    expect(new Set(methodsOf(generation, sdks.get(generation)))).toEqual(covered)
    expect(covered.size).toBeGreaterThan(30)
  })

  it.each(own)('%s', async (name) => {
    const key = `${generation.label} ${name}`
    const fault = faultOf(generation, name)
    cells.set(key, 'fails')
    if (fault === undefined) {
      await run(generation, name)
      cells.set(key, '✓')
    } else {
      await expect(run(generation, name), 'works: it is no fault').rejects.toThrow(fault.fails)
      cells.set(key, `✗ ${faults.indexOf(fault) + 1}`)
    }
  })
})

describe('the faults', () => {
  it('are of operations that exist, and none is told twice', () => {
    const faulty = faults.flatMap((fault) => fault.generations.map((label) => `${label} ${fault.operation}`))
    const real = generations.flatMap((one) =>
      names.filter((name) => has(one, name)).map((name) => `${one.label} ${name}`),
    )
    expect(faulty.filter((cell) => !real.includes(cell))).toEqual([])
    expect(new Set(faulty).size).toBe(faulty.length)
  })

  it('lack what no cell shows: the beta asks for its own files by names they do not have', () => {
    const require = createRequire(import.meta.url)
    const bare = (): unknown => require('sdk-1-0-beta/sdk/js/swagger/src/model/JsonWebKey')
    expect(bare).toThrow('Cannot find module')
  })
})
