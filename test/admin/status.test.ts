import { describe, expect, it, vi } from 'vitest'
import { scheduled } from '../../src/scheduled.ts'
import { Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { withOutage } from '../support/outage.ts'

const lines = new LogLines()
const env = testEnv()
const deployment = new Deployment(env)
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
const SETS = ['hydra.openid.id-token', 'hydra.jwt.access-token']

/** Parses the text format as Prometheus does, as far as it is used here; throws for any line that it would refuse. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.trimEnd().split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line)
    if (comment !== null) {
      const [, what, name = '', rest = ''] = comment
      if (what === 'TYPE') {
        expect(['counter', 'gauge']).toContain(rest)
        expect(types.has(name)).toBe(false)
        types.set(name, rest)
      }
      continue
    }
    const sample =
      /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (-?\d+(?:\.\d+)?)$/.exec(line)
    expect(sample, line).not.toBeNull()
    const [, name = '', labels = '', value] = sample ?? []
    expect(types.has(name), `${name} has a type before its samples`).toBe(true)
    expect(samples.has(name + labels), line).toBe(false)
    samples.set(name + labels, Number(value))
  }
  return samples
}

async function metrics(at: Deployment): Promise<Map<string, number>> {
  const answer = await at.admin('GET', '/admin/metrics/prometheus')
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ])
  return parse(await answer.text())
}

const status = async (at: Deployment): Promise<Record<string, unknown>> =>
  (await at.admin('GET', '/admin/status')).json()

describe('the status of the server', () => {
  it('tells of a server that just began', async () => {
    const text = await status(deployment)
    expect(text).toMatchObject({
      version: expect.stringMatching(/^v\d/),
      d1: 'ok',
      isolate: { started_at: TIME },
    })
    expect(text).toMatchObject({ migrations: { expected: expect.any(Number), missing: [] } })
    expect(text['keys']).toEqual(SETS.map((set) => ({ set, keys: 0 })))
    expect(text).not.toHaveProperty('cron')
  })

  it('tells what its settings make of it, misspelt names and missing limits among them, and no value', async () => {
    const odd = testEnv({
      LIMIT_DEVICE: undefined,
      TTL_ACCES_TOKEN: 'a-secret-value',
      LIMITS_OFF: 'user_code',
    })
    const text = await status(new Deployment(odd))
    expect(text['settings']).toEqual({
      misspelt: ['TTL_ACCES_TOKEN is no setting; is TTL_ACCESS_TOKEN meant?'],
      limits_unbound: ['LIMIT_DEVICE'],
      limits_off: ['user_code'],
      demo_pages: true,
      admin_auth: 'keys',
      registration: false,
      registration_needs_token: false,
      registration_hourly_limit: expect.any(Number),
      cookies_secure: false,
      cookies_same_site: 'Lax',
      tls: expect.any(String),
      key_rotation_seconds: expect.any(Number),
    })
    expect(JSON.stringify(text)).not.toContain('a-secret-value')
  })

  it('tells the age of keys, and how the job went', async () => {
    await deployment.fetch('/.well-known/jwks.json')
    await scheduled(env)
    const text = await status(deployment)
    expect(text['keys']).toContainEqual({ set: SETS[0], keys: 1, signs_since: TIME, oldest_at: TIME })
    expect(text['cron']).toMatchObject({
      ran_at: TIME,
      succeeded_at: TIME,
      failed: [],
      purged: { grants: 0, trusted_issuers: 0, audit_log: 0 },
      rows: { clients: expect.any(Number), trusted_issuers: 0, audit_log: expect.any(Number) },
    })
  })

  it('counts rows once a day, since D1 reads them all for it', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2027-01-01T12:00:00Z') })
    const rows = async (at: string): Promise<unknown> => {
      vi.setSystemTime(Date.parse(at))
      await scheduled(env)
      const { cron } = await status(deployment)
      return [Object(cron)['rows']['clients'], Object(cron)['rows_at']]
    }
    const [before, countedAt] = Object(await rows('2027-01-01T12:00:00Z'))
    expect(countedAt).toBe('2027-01-01T12:00:00Z')
    await deployment.admin('POST', '/admin/clients', {})
    expect(await rows('2027-01-01T23:45:00Z')).toEqual([before, countedAt])
    expect(await rows('2027-01-02T00:00:00Z')).toEqual([before + 1, '2027-01-02T00:00:00Z'])
    vi.useRealTimers()
  })

  it('names what the job could not do, and when it last could do all', async () => {
    await scheduled(env)
    const { cron: before } = await status(deployment)
    const broken = { ...env, SECRETS_SYSTEM: 'a-system-secret-that-opens-no-row-here' }
    await expect(scheduled(broken)).rejects.toMatchObject({ code: 'misconfiguration' })
    const { cron } = await status(deployment)
    expect(cron).toMatchObject({
      failed: expect.arrayContaining(['root_keys']),
      succeeded_at: Object(before)['succeeded_at'],
    })
  })

  it('is Prometheus text that a parser takes', async () => {
    await scheduled(env)
    const samples = await metrics(deployment)
    expect(samples.get('ladon_d1_up')).toBe(1)
    expect(samples.get('ladon_migrations_missing')).toBe(0)
    const now = Date.now() / 1000
    for (const name of [
      'ladon_cron_last_run_timestamp_seconds',
      'ladon_cron_last_success_timestamp_seconds',
      'ladon_isolate_start_time_seconds',
      `ladon_signing_key_signs_since_timestamp_seconds{set="${SETS[0]}"}`,
    ]) {
      expect(samples.get(name), name).toBeGreaterThan(now - 3600)
      expect(samples.get(name), name).toBeLessThan(now + 60)
    }
    for (const source of ['d1', 'kv', 'ledgers'])
      expect(samples.get(`ladon_isolate_silent{source="${source}"}`)).toBe(0)
    expect(samples.get('ladon_rows{table="clients"}')).toBeGreaterThanOrEqual(0)
  })

  it('without D1 says so, and counts the trouble of this isolate', async () => {
    const outage = withOutage(env)
    const without = new Deployment(outage.env)
    const counter = 'ladon_isolate_trouble_total{source="d1",cause="error"}'
    const before = (await metrics(without)).get(counter) ?? Number.NaN
    outage.down = true
    const samples = await metrics(without)
    expect(samples.get('ladon_d1_up')).toBe(0)
    expect(samples.get(counter)).toBeGreaterThan(before)
    expect(await status(without)).toMatchObject({ d1: 'does not answer' })
    expect(lines.of('store.unreachable').length).toBeGreaterThan(0)
  })
})
