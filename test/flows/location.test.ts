import { describe, expect, it } from 'vitest'
import type { Jurisdiction } from '../../src/config/residency.ts'
import { regionOf } from '../../src/http/region.ts'
import { ownerOf } from '../../src/ledger/owner.ts'
import { Browser, Deployment, testEnv } from '../support/deployment.ts'
import { notingLedgers } from '../support/namespace.ts'
import { authorizationPath, LoginApp, parameter, registerClient } from '../support/relying-party.ts'

const { env, reached } = notingLedgers(testEnv())
const at = (changes: Readonly<Record<string, string>>): Deployment => new Deployment({ ...env, ...changes })

const place = (continent: string, longitude: number): RequestInit => ({
  cf: { continent, longitude: String(longitude) },
})
const PARIS = place('EU', 2.35)
const LIMA = place('SA', -77)

/** Logs a new subject in from a place; where its ledger was to be made, each time it was asked for. */
async function placesOf(
  deployment: Deployment,
  from: RequestInit,
  jurisdiction: Jurisdiction = 'none',
): Promise<readonly (string | undefined)[]> {
  const subject = crypto.randomUUID()
  const client = await registerClient(deployment)
  const browser = new Browser(deployment)
  reached.length = 0
  const atLogin = await browser.next(authorizationPath(client), from)
  const challenge = parameter(atLogin, 'login_challenge')
  // The login app and the last hop are somewhere else: only where the browser began counts.
  const verifier = await new LoginApp(deployment).decide('login', 'accept', challenge, { subject })
  await browser.visit(verifier, LIMA)
  const owner = ownerOf('subject', subject, jurisdiction)
  return reached.flatMap(({ name, location }) => (name === owner ? [location] : []))
}

describe('LEDGER_LOCATION', () => {
  it('is where every ledger should be made', async () => {
    expect(await placesOf(at({ LEDGER_LOCATION: 'apac' }), PARIS)).toEqual(['apac', 'apac'])
    expect([...new Set(reached.map(({ location }) => location))]).toEqual(['apac'])
  })

  it('of auto is near the browser that began the first login', async () => {
    expect(await placesOf(at({ LEDGER_LOCATION: 'auto' }), PARIS)).toEqual(['weur', 'weur'])
    // Others are made near whoever asks first.
    expect(reached.filter(({ location }) => location !== undefined)).toHaveLength(2)
  })

  it('of auto is nowhere in particular where the platform does not tell, or outside the jurisdiction', async () => {
    expect(await placesOf(at({ LEDGER_LOCATION: 'auto' }), {})).toEqual([undefined, undefined])
    const european = at({ LEDGER_LOCATION: 'auto', LEDGER_JURISDICTION: 'eu' })
    expect(await placesOf(european, LIMA, 'eu')).toEqual([undefined, undefined])
    expect(await placesOf(european, PARIS, 'eu')).toEqual(['weur', 'weur'])
  })

  it('unset is nowhere in particular', async () => {
    expect(await placesOf(at({}), PARIS)).toEqual([undefined, undefined])
  })
})

it.each([
  ['EU', 2.35, 'weur'],
  ['EU', 21, 'eeur'],
  ['NA', -122, 'wnam'],
  ['NA', -74, 'enam'],
  ['SA', -46, 'sam'],
  ['AF', 31, 'afr'],
  ['AS', 55, 'me'],
  ['AS', 139, 'apac'],
  ['OC', 151, 'oc'],
  ['EU', Number.NaN, 'weur'],
  ['AN', 0, null],
  ['T1', 0, null],
])('a browser in %s at %d degrees is near %s', (continent, longitude, region) => {
  expect(regionOf(new Request('https://op.example', place(continent, longitude)))).toBe(region)
})
