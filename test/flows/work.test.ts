import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { publicApp } from '../../src/app.ts'
import { countCalls } from '../support/bindings.ts'
import { ADMIN_KEY, Deployment, testEnv } from '../support/deployment.ts'
import { endpoints } from '../support/endpoints.ts'
import { startCounting, stopCounting, workOf } from '../support/work.ts'
import { type Ask, type Call, OWN_ROUTES, ROUTES, worstInputs } from '../support/worst-input.ts'

const counted = countCalls(testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))
const deployment = new Deployment(counted.env)

/** How much larger the larger input is, and how much more it may cost. */
const FACTOR = 8
const MOST = 16

function send({ method, path, headers = {}, body }: Call): Promise<Response> {
  const key = path.startsWith('/admin') ? { authorization: `Bearer ${ADMIN_KEY}` } : {}
  return deployment.bear(path, {
    method,
    headers: { ...key, ...headers },
    ...(body !== undefined && { body }),
  })
}

const ask: Ask = async (call) => {
  const response = await send(call)
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  const members: object = isJson ? await response.json() : {}
  return { ...members, location: response.headers.get('location') }
}

interface Spent {
  readonly work: number
  readonly storage: number
  readonly outbound: number
}

let outbound = 0

/** What a call costs where the isolate already knows all that it asks for. */
async function spentOn(call: Call): Promise<Spent> {
  await send(call)
  counted.reset()
  outbound = 0
  const work = await workOf(() => send(call))
  const { d1, kv, ledger } = counted.counts
  return { work, storage: d1 + kv + ledger, outbound }
}

beforeAll(() => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
    outbound += 1
    return Response.json([])
  })
  startCounting()
})

afterAll(() => {
  stopCounting()
  vi.restoreAllMocks()
})

describe('work grows no faster than what is sent', () => {
  it('the table names every route', () => {
    const names = new Set(
      endpoints.flatMap(({ methods, path }) => methods.map((method) => `${method} ${path}`)),
    )
    const routes = publicApp().routes.filter(({ method }) => method !== 'ALL')
    expect([...new Set(routes.map(({ method, path }) => `${method} ${path}`))].sort()).toEqual(
      [...names].sort(),
    )
    expect([...ROUTES].sort()).toEqual([...names].sort())
    expect(OWN_ROUTES.filter((route) => !names.has(route))).toEqual([])
  })

  it('a square shows in what is counted', async () => {
    const squared = (n: number): Promise<number> =>
      workOf(async () => {
        const { searchParams } = new URL('https://app.example/')
        for (let at = 0; at < n; at += 1) searchParams.append('a', '')
      })
    const scrubbed = (n: number): Promise<number> =>
      workOf(async () => 'a'.repeat(n).replace(/[a-z]{20,}\./g, ''))
    for (const work of [squared, scrubbed])
      expect((await work(800)) / (await work(100))).toBeGreaterThan(MOST)
  })

  it.each(ROUTES)('%s', async (route) => {
    const steep: unknown[] = []
    for (const { name, most, make } of worstInputs(route)) {
      const less = await spentOn(await make(ask, Math.floor(most / FACTOR)))
      const more = await spentOn(await make(ask, most))
      const fits =
        more.work <= MOST * less.work && more.storage <= less.storage && more.outbound <= less.outbound
      if (!fits) steep.push({ name, less, more })
    }
    expect(steep).toEqual([])
  })
})
