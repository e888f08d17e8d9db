import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ownerOf } from '../../src/ledger/owner.ts'
import { assertionFields, makeKey, signAssertion } from '../support/assertions.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { enterCode, poll, registerDeviceClient, startDevice, toLastHop } from '../support/device.ts'
import { LogLines } from '../support/log-lines.ts'
import { notingLedgers, withDownLedgers } from '../support/namespace.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'
import { trust } from '../support/trust.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

// Lines of these requests stay out of the output.
const lines = new LogLines()
const settings = notingLedgers(testEnv())
const { reached } = settings
const at = (changes: Readonly<Record<string, string>>): Deployment =>
  new Deployment({ ...settings.env, ...changes })

/** An installation that moves to the European Union: as it was, as it is, and with a setting forgotten. */
const former = at({})
const current = at({ LEDGER_JURISDICTION: 'eu', LEDGER_JURISDICTIONS_BEFORE: 'none' })
const careless = at({ LEDGER_JURISDICTION: 'eu' })

let client: TestClient
let subject: string

beforeAll(async () => {
  client = await registerClient(former, { post_logout_redirect_uris: ['https://app.example/bye'] })
})

beforeEach(() => {
  subject = `subject-${crypto.randomUUID()}`
  reached.length = 0
})

afterEach(() => {
  vi.useRealTimers()
})

const remembered = (browser?: Browser) => ({
  ...(browser !== undefined && { browser }),
  login: { subject, remember: true },
  consent: { remember: true },
})

/** The ledgers that tell which clients and keys changed, and that make the first keys. */
const OF_NOBODY: ReadonlySet<string> = new Set([
  ownerOf('feed', 'copies'),
  ...['hydra.openid.id-token', 'hydra.jwt.access-token'].map((set) => ownerOf('keys', set)),
])

/** The jurisdictions of the ledgers that were asked for, but for those. */
const places = (): string[] => [
  ...new Set(reached.flatMap(({ name, jurisdiction }) => (OF_NOBODY.has(name) ? [] : [jurisdiction]))),
]

/** Whether the subject's ledger in a jurisdiction was asked for. */
const isReached = (jurisdiction: 'none' | 'eu'): boolean =>
  reached.some(({ name }) => name === ownerOf('subject', subject, jurisdiction))

const listed = async (deployment: Deployment, kind: 'login' | 'consent', query = ''): Promise<unknown[]> => {
  const path = `/admin/oauth2/auth/sessions/${kind}?subject=${subject}${query}`
  return (await deployment.admin('GET', path)).json()
}

/** What the grants book says of the subject. */
const booked = async (): Promise<unknown[]> => {
  const query = testEnv().DB.prepare('SELECT ended_at FROM grants_book WHERE subject = ?')
  return (await query.bind(subject).all()).results
}

const isActive = async (deployment: Deployment, token: string): Promise<unknown> =>
  (await deployment.introspect(token))['active']

describe('an installation in a jurisdiction from its first day', () => {
  it('has all ledgers of people there, whatever they do', async () => {
    const deployment = careless
    const browser = new Browser(deployment)
    const tokens = await logIn(deployment, client, remembered(browser))
    await authorizeAt(deployment, client, {
      ...remembered(browser),
      consent: { context: { text: 'x'.repeat(5000) } },
    })
    const rotated = await bodyOf(await refresh(deployment, client, tokens.refresh_token))
    expect(await isActive(deployment, String(rotated['access_token']))).toBe(true)
    const headers = { authorization: `Bearer ${rotated['access_token']}` }
    expect((await deployment.fetch('/userinfo', { headers })).status).toBe(200)
    const devices = await registerDeviceClient(deployment)
    const started = await startDevice(deployment, devices)
    await browser.visit(await toLastHop(deployment, started, { browser, login: { subject } }))
    expect((await poll(deployment, devices, started)).status).toBe(200)
    expect((await deployment.fetch('/health/ready')).status).toBe(200)
    const hint = `/oauth2/sessions/logout?id_token_hint=${tokens.id_token}`
    const atLogout = await browser.next(hint)
    const challenge = parameter(atLogout, 'logout_challenge')
    await browser.visit(await new LoginApp(deployment).decide('logout', 'accept', challenge))
    expect(await listed(deployment, 'login')).toHaveLength(0)
    await revoke(deployment, client, tokens.refresh_token)
    expect(await isActive(deployment, String(rotated['access_token']))).toBe(false)
    await deployment.admin('DELETE', `/admin/subjects/${subject}`)
    expect(reached.length).toBeGreaterThan(20)
    expect(places()).toEqual(['eu'])
  })

  it.each(['us', 'fedramp'])('may be in %s', async (jurisdiction) => {
    const deployment = at({ LEDGER_JURISDICTION: jurisdiction })
    const { access_token } = await logIn(deployment, client, remembered())
    expect(await isActive(deployment, access_token)).toBe(true)
    expect(places()).toEqual([jurisdiction])
  })

  it('has one ledger of what must be counted once, wherever it is', async () => {
    const tokenPath = '/admin/registration/initial-access-tokens'
    const made = await bodyOf(await former.admin('POST', tokenPath, { uses: 1 }))
    const open = { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }
    const register = async (deployment: Deployment): Promise<number> => {
      const body = JSON.stringify({ redirect_uris: ['https://app.example/cb'] })
      const headers = { authorization: `Bearer ${made['token']}` }
      return (await deployment.fetch('/oauth2/register', { method: 'POST', headers, body })).status
    }
    expect(await register(at({ ...open, LEDGER_JURISDICTION: 'eu' }))).toBe(201)
    expect(await register(at({ ...open, OIDC_DYNAMIC_CLIENT_REGISTRATION_REQUIRE_TOKEN: 'true' }))).toBe(401)
  })
})

describe('what was there before the jurisdiction changed', () => {
  it('stays where it is, and goes on: session, consent, code and tokens', async () => {
    const browser = new Browser(former)
    const tokens = await logIn(former, client, remembered(browser))
    const code = parameter(await authorizeAt(former, client, remembered(browser)), 'code')
    reached.length = 0
    const later = new Browser(current)
    for (const [name, value] of browser.cookies) later.cookies.set(name, value)
    const silent = await later.next(
      authorizationPath(client, { prompt: 'none', id_token_hint: tokens.id_token }),
    )
    expect(parameter(silent, 'code')).toBe('')
    const again = await authorizeAt(current, client, {
      browser: later,
      request: { prompt: 'none', id_token_hint: tokens.id_token },
      login: { subject },
    })
    expect(parameter(again, 'error')).toBe('')
    expect((await redeem(current, client, code)).status).toBe(200)
    expect((await redeem(current, client, parameter(again, 'code'))).status).toBe(200)
    expect((await refresh(current, client, tokens.refresh_token)).status).toBe(200)
    expect(isReached('eu')).toBe(false)
  })

  it('is where a flow ends that had begun', async () => {
    const browser = new Browser(former)
    const app = new LoginApp(former)
    const atLogin = await browser.next(authorizationPath(client))
    const accepted = { subject, context: { text: 'x'.repeat(5000) } }
    const verifier = await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), accepted)
    const later = new Browser(current)
    for (const [name, value] of browser.cookies) later.cookies.set(name, value)
    const atConsent = await later.next(verifier)
    const challenge = parameter(atConsent, 'consent_challenge')
    const consented = await app.decide('consent', 'accept', challenge, { grant_scope: ['openid'] })
    const code = parameter(await later.next(consented), 'code')
    expect((await redeem(current, client, code)).status).toBe(200)
    expect([isReached('none'), isReached('eu')]).toEqual([true, false])
  })

  it('is a device whose user has not come yet', async () => {
    const devices = await registerDeviceClient(former)
    const started = await startDevice(former, devices)
    const browser = new Browser(current)
    expect(await enterCode(current, browser, started.user_code)).toContain('device_verifier')
    await browser.visit(await toLastHop(current, started, { browser, login: { subject } }))
    expect((await poll(current, devices, started)).status).toBe(200)
  })
})

describe('a subject with ledgers in two jurisdictions', () => {
  let old: Awaited<ReturnType<typeof logIn>>
  let young: Awaited<ReturnType<typeof logIn>>

  beforeEach(async () => {
    old = await logIn(former, client, remembered())
    young = await logIn(current, client, remembered())
    reached.length = 0
  })

  it('is asked for consent again, in the new one', async () => {
    expect(await Promise.all([listed(former, 'consent'), listed(careless, 'consent')])).toEqual([
      [expect.anything()],
      [expect.anything()],
    ])
  })

  it.each(['login', 'consent'] as const)(
    'has all of each %s listed, by tokens and by offset',
    async (kind) => {
      await logIn(current, await registerClient(current), remembered())
      const path = `/admin/oauth2/auth/sessions/${kind}?subject=${subject}`
      const all = (await listed(current, kind)) as Record<string, unknown>[]
      const ids = all.map((item) => item['sid'] ?? item['consent_request_id'])
      expect([ids.length, new Set(ids).size]).toEqual([3, 3])
      const byToken: unknown[] = []
      for (let next: string | undefined = `${path}&page_size=1`; next !== undefined; ) {
        const page: Response = await current.admin('GET', next)
        byToken.push(...((await page.json()) as unknown[]))
        next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1]
      }
      expect(byToken).toEqual(all)
      for (const limit of [1, 2, 3, 10]) {
        const byOffset: unknown[] = []
        for (let offset = 0; offset < 3; offset += limit) {
          const page = await current.admin('GET', `${path}&limit=${limit}&offset=${offset}`)
          expect(page.headers.get('x-total-count')).toBe('3')
          byOffset.push(...((await page.json()) as unknown[]))
        }
        expect(byOffset).toEqual(all)
      }
    },
  )

  it('loses all consents and tokens at once', async () => {
    const path = `/admin/oauth2/auth/sessions/consent?subject=${subject}&all=true`
    expect((await current.admin('DELETE', path)).status).toBe(204)
    for (const { access_token } of [old, young]) expect(await isActive(current, access_token)).toBe(false)
    expect(await listed(current, 'consent')).toEqual([])
  })

  it('no grant is told to have ended by the ledger of one jurisdiction, but by both', async () => {
    const consents = (await listed(current, 'consent')) as { consent_request_id: string }[]
    const path = '/admin/oauth2/auth/sessions/consent?consent_request_id='
    await current.admin('DELETE', `${path}${consents[0]?.consent_request_id}`)
    expect(await booked()).toEqual([{ ended_at: null }])
    await current.admin('DELETE', `${path}${consents[1]?.consent_request_id}`)
    expect(await booked()).toEqual([{ ended_at: expect.any(Number) }])
  })

  it('loses the consents of a client', async () => {
    const path = `/admin/oauth2/auth/sessions/consent?subject=${subject}&client=${client.id}`
    expect((await current.admin('DELETE', path)).status).toBe(204)
    for (const { access_token } of [old, young]) expect(await isActive(current, access_token)).toBe(false)
  })

  it('loses all sessions at once, and what was accepted before', async () => {
    const browser = new Browser(former)
    const atLogin = await browser.next(authorizationPath(client))
    const accept = { subject, remember: true }
    const challenge = parameter(atLogin, 'login_challenge')
    const verifier = await new LoginApp(former).decide('login', 'accept', challenge, accept)
    const path = `/admin/oauth2/auth/sessions/login?subject=${subject}`
    expect((await current.admin('DELETE', path)).status).toBe(204)
    expect(await listed(current, 'login')).toEqual([])
    expect(parameter(await browser.next(verifier), 'login_challenge')).not.toBe('')
  })

  it('has a login refused that was made before all were ended, wherever that was', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const authenticated_at = new Date(Date.now() - 60_000).toISOString()
    const path = `/admin/oauth2/auth/sessions/login?subject=${subject}`
    expect((await former.admin('DELETE', path)).status).toBe(204)
    const browser = new Browser(current)
    const challenge = parameter(await browser.next(authorizationPath(client)), 'login_challenge')
    const accept = { subject, authenticated_at }
    expect(await new LoginApp(current).decide('login', 'accept', challenge, accept)).toContain('prompt=login')
  })

  it.each(['old', 'young'])('loses one session by its id: the %s one', async (which) => {
    const token = which === 'old' ? old : young
    const { sid } = JSON.parse(
      atob(token.id_token.split('.')[1]?.replace(/-/g, '+').replace(/_/g, '/') ?? ''),
    )
    const path = `/admin/oauth2/auth/sessions/login?sid=${sid}`
    expect((await current.admin('DELETE', path)).status).toBe(204)
    const left = (await listed(current, 'login')) as { sid: string }[]
    expect([left.length, left.some((session) => session.sid === sid)]).toEqual([1, false])
  })

  it.each([0, 1])('loses one consent by its id: number %i of the list', async (number) => {
    const consents = (await listed(current, 'consent')) as { consent_request_id: string }[]
    const id = consents[number]?.consent_request_id
    const path = `/admin/oauth2/auth/sessions/consent?consent_request_id=${id}`
    expect((await current.admin('DELETE', path)).status).toBe(204)
    const left = (await listed(current, 'consent')) as { consent_request_id: string }[]
    expect(left.map((consent) => consent.consent_request_id)).toEqual([
      consents[1 - number]?.consent_request_id,
    ])
  })

  it('is shown whole, and erased whole', async () => {
    const path = `/admin/subjects/${subject}`
    const sessions: unknown[] = []
    for (let next: string | undefined = `${path}?page_size=1`; next !== undefined; ) {
      const page: Response = await current.admin('GET', next)
      sessions.push(...((await bodyOf(page))['sessions'] as unknown[]))
      next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1]
    }
    expect(sessions).toHaveLength(2)
    expect((await current.admin('DELETE', path)).status).toBe(204)
    for (const deployment of [former, careless]) expect(await listed(deployment, 'login')).toEqual([])
    for (const { access_token } of [old, young]) expect(await isActive(current, access_token)).toBe(false)
  })

  it('has no further page under a name that no subject can have', async () => {
    const page = await current.admin('GET', `/admin/subjects/${'x'.repeat(8000)}`)
    expect([page.status, page.headers.get('link')]).toEqual([200, null])
    const last = await current.admin('GET', `/admin/subjects/${'x'.repeat(255)}`)
    expect(last.headers.get('link')).toContain('rel="next"')
  })

  it.each(['old', 'young'])('logs out with the ID token of the %s session', async (which) => {
    const token = which === 'old' ? old : young
    const atLogout = await new Browser(current).next(
      `/oauth2/sessions/logout?id_token_hint=${token.id_token}`,
    )
    expect(parameter(atLogout, 'logout_challenge')).not.toBe('')
  })

  it('has one hash in the audit log', async () => {
    const hashAt = async (deployment: Deployment): Promise<string | null> =>
      (await deployment.admin('GET', `/admin/audit?subject=${subject}`)).headers.get('ladon-subject-hash')
    expect(await hashAt(current)).toBe(await hashAt(former))
  })
})

describe('a subject with a ledger in one of two jurisdictions', () => {
  it.each([
    ['the former', former],
    ['the new', careless],
  ])('has a grant told to have ended by that one: %s', async (_which, home) => {
    const { refresh_token } = await logIn(home, client, remembered())
    await revoke(current, client, refresh_token)
    expect(await booked()).toEqual([{ ended_at: null }])
    const path = `/admin/oauth2/auth/sessions/consent?subject=${subject}&client=${client.id}`
    await current.admin('DELETE', path)
    expect(await booked()).toEqual([{ ended_at: expect.any(Number) }])
  })
})

describe('an erasure while the ledger of one jurisdiction fails', () => {
  it.each([
    ['none', ['ledger:eu'], ['ledger:none', 'grants_book']],
    ['eu', ['ledger:none'], ['ledger:eu', 'grants_book']],
  ] as const)(
    'that in %s: says what it did, and repeated it is whole',
    async (jurisdiction, erased, not_erased) => {
      const tokens = {
        none: (await logIn(former, client, remembered())).access_token,
        eu: (await logIn(current, client, remembered())).access_token,
      }
      const ledgers = withDownLedgers(settings.env)
      const cut = new Deployment({
        ...{ ...ledgers.env, LEDGER_JURISDICTION: 'eu', LEDGER_JURISDICTIONS_BEFORE: 'none' },
      })
      ledgers.isDown = (name) => name === ownerOf('subject', subject, jurisdiction)
      const erase = () => cut.admin('DELETE', `/admin/subjects/${subject}`)
      expect((await erase()).status).toBe(503)
      const line = { event: 'subject.erasure_incomplete', level: 'warning', erased, not_erased }
      expect(lines.last('audit')).toMatchObject({ ...line, sub_hash: expect.any(String) })
      const trail = await current.admin('GET', '/admin/audit?event=subject.erasure_incomplete&page_size=1')
      expect(await trail.json()).toMatchObject([{ erased, not_erased }])
      for (const place of ['none', 'eu'] as const)
        expect(await isActive(current, tokens[place])).toBe(place === jurisdiction)
      ledgers.isDown = () => false
      expect((await erase()).status).toBe(204)
      expect(lines.last('audit')).toMatchObject({ event: 'subject.erased' })
      for (const token of Object.values(tokens)) expect(await isActive(current, token)).toBe(false)
      expect(await booked()).toEqual([])
    },
  )
})

describe('a JWT bearer assertion is accepted once', () => {
  it.each([
    ['before and after the change', former, current],
    ['after the change, and where the change has not come yet', current, former],
  ])('%s', async (_name, first, second) => {
    const key = await makeKey()
    const iss = `https://issuer.example/${crypto.randomUUID()}`
    await trust(former, key, iss, { subject, scope: ['api.read'] })
    const bearer = await registerClient(former, { grant_types: [JWT_BEARER] })
    const assertion = await signAssertion(key, { iss, sub: subject })
    const ask = async (deployment: Deployment): Promise<number> =>
      (await tokenRequest(deployment, bearer, { grant_type: JWT_BEARER, assertion, scope: 'api.read' }))
        .status
    expect(await ask(first)).toBe(200)
    // By then the answer to the same request sent again is no longer remembered.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    expect(await ask(second)).toBe(400)
  })
})

describe('a jurisdiction that settings no longer name', () => {
  it('makes nothing there good, and nothing there end', async () => {
    const browser = new Browser(former)
    const tokens = await logIn(former, client, remembered(browser))
    const problem = { error: 'misconfiguration' }
    const refused = await refresh(careless, client, tokens.refresh_token)
    // A ledger in no jurisdiction may also be one of a client, so only what makes good is refused.
    expect([refused.status, await bodyOf(refused)]).toEqual([503, expect.objectContaining(problem)])
    expect(await careless.introspect(tokens.access_token)).toMatchObject(problem)
    const back = at({ LEDGER_JURISDICTIONS_BEFORE: 'eu' })
    expect((await refresh(back, client, tokens.refresh_token)).status).toBe(200)
    const european = await logIn(current, client, remembered())
    expect((await refresh(former, client, european.refresh_token)).status).toBe(503)
    expect((await refresh(back, client, european.refresh_token)).status).toBe(200)
  })

  it('can still be revoked in', async () => {
    const { access_token } = await logIn(former, client, remembered())
    expect((await revoke(careless, client, access_token)).status).toBe(200)
    expect(await isActive(current, access_token)).toBe(false)
  })
})

describe('a client without grants', () => {
  it('has its ledgers in no jurisdiction: they name nobody', async () => {
    const { access_token } = (await (
      await tokenRequest(current, client, { grant_type: 'client_credentials' })
    ).json()) as { access_token: string }
    expect(await isActive(former, access_token)).toBe(true)
    await revoke(careless, client, access_token)
    expect(await isActive(former, access_token)).toBe(false)
    expect(places()).toEqual(['none'])
  })

  it('spends its assertions there', async () => {
    const key = await makeKey()
    const own = await registerClient(former, {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [key.publicJwk] },
    })
    const fields = {
      grant_type: 'client_credentials',
      ...assertionFields(await signAssertion(key, { iss: own.id, sub: own.id })),
    }
    expect((await current.form('/oauth2/token', fields)).status).toBe(200)
    expect(places()).toEqual(['none'])
  })
})

it('says what is wrong where the runtime has no jurisdictions', async () => {
  const local = new Deployment(testEnv({ LEDGER_JURISDICTION: 'eu' }))
  const tokens = await logIn(current, client, remembered())
  const refused = await refresh(local, client, tokens.refresh_token)
  expect([refused.status, (await bodyOf(refused))['error']]).toEqual([503, 'misconfiguration'])
  expect((await local.fetch('/health/ready')).status).toBe(503)
})
