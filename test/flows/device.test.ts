import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { varyLedger } from '../support/bindings.ts'
import { Browser, bodyOf, Deployment, ISSUER, locationOf, testEnv } from '../support/deployment.ts'
import {
  approve,
  askDevice,
  DEVICE_GRANT,
  enterCode,
  poll,
  pollOutcome,
  registerDeviceClient,
  startDevice,
  toLastHop,
} from '../support/device.ts'
import { LoginApp, parameter, refresh, registerClient, revoke } from '../support/relying-party.ts'

const deployment = new Deployment()
const app = new LoginApp(deployment)
const VERIFY = '/oauth2/device/verify'

afterEach(() => {
  vi.useRealTimers()
})

const stopClock = (): void => {
  vi.useFakeTimers({ toFake: ['Date'] })
}

const pass = (seconds: number): void => {
  vi.setSystemTime(Date.now() + seconds * 1000)
}

const decideOn = async (flow: 'login' | 'consent', url: URL, body: unknown, verdict: 'accept' | 'reject') =>
  app.decide(flow, verdict, parameter(url, `${flow}_challenge`), body)

describe.each(['opaque', 'jwt'])('a device, %s access tokens', (access_token_strategy) => {
  it('gets its tokens when its user has consented', async () => {
    const client = await registerDeviceClient(deployment, { access_token_strategy })
    const answer = await askDevice(deployment, client, { audience: 'https://api.example' })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('content-type')).toBe('application/json;charset=UTF-8')
    const device = await bodyOf(answer)
    expect(device).toEqual({
      device_code: expect.stringMatching(/^ory_dc_[\w-]+\.[\w-]+$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ2-9]{8}$/),
      verification_uri: `${ISSUER}${VERIFY}`,
      verification_uri_complete: `${ISSUER}${VERIFY}?user_code=${device['user_code']}`,
      expires_in: 600,
      interval: 5,
    })
    const code = { device_code: String(device['device_code']) }
    expect(await pollOutcome(deployment, client, code)).toBe('400 authorization_pending')

    const browser = new Browser(deployment)
    const atPage = await browser.next(String(device['verification_uri_complete']))
    expect(atPage.pathname).toBe('/ui/device')
    expect(parameter(atPage, 'user_code')).toBe(device['user_code'])
    expect(browser.cookies.has('ory_hydra_device_csrf_dev')).toBe(true)
    const challenge = parameter(atPage, 'device_challenge')
    const afterCode = await app.decide('device', 'accept', challenge, { user_code: device['user_code'] })
    expect(new URL(afterCode).pathname).toBe(VERIFY)
    expect(parameter(new URL(afterCode), 'client_id')).toBe(client.id)
    const atLogin = await browser.next(afterCode)
    const login = await bodyOf(await app.get('login', parameter(atLogin, 'login_challenge')))
    expect(login).toMatchObject({
      skip: false,
      request_url: `${ISSUER}${VERIFY}?client_id=${client.id}`,
      requested_scope: ['openid', 'offline_access'],
      requested_access_token_audience: ['https://api.example'],
      client: { client_id: client.id },
    })
    const afterLogin = await decideOn('login', atLogin, { subject: 'alice', amr: ['pwd'] }, 'accept')
    expect(new URL(afterLogin).pathname).toBe(VERIFY)
    const atConsent = await browser.next(afterLogin)
    const yes = {
      grant_scope: ['openid', 'offline_access'],
      grant_access_token_audience: ['https://api.example'],
      session: { access_token: { role: 'tv' }, id_token: { name: 'Alice' } },
    }
    const last = await browser.visit(await decideOn('consent', atConsent, yes, 'accept'))
    expect(last.status).toBe(302)
    expect(locationOf(last).href).toBe(`${ISSUER}/ui/device/done?client_id=${client.id}`)

    const tokens = await bodyOf(await poll(deployment, client, code))
    expect(tokens).toMatchObject({
      token_type: 'bearer',
      scope: 'openid offline_access',
      expires_in: expect.closeTo(3600, -1),
    })
    const jwks = await (await deployment.fetch('/.well-known/jwks.json')).json<{ keys: [] }>()
    const { payload } = await jwtVerify(String(tokens['id_token']), createLocalJWKSet(jwks), {
      issuer: ISSUER,
      audience: client.id,
    })
    expect(payload).toMatchObject({ sub: 'alice', amr: ['pwd'], name: 'Alice' })
    expect(await deployment.introspect(String(tokens['access_token']))).toMatchObject({
      active: true,
      sub: 'alice',
      aud: ['https://api.example'],
      ext: { role: 'tv' },
    })
    expect((await refresh(deployment, client, String(tokens['refresh_token']))).status).toBe(200)

    expect(await pollOutcome(deployment, client, code)).toBe('400 invalid_grant')
    expect(await deployment.introspect(String(tokens['access_token']))).toMatchObject({ active: true })
  })
})

it('gives tokens by scope, and by the lifespans of the device grant', async () => {
  const plain = { login: {}, consent: { grant_scope: [] } }
  const client = await registerDeviceClient(deployment, {
    device_authorization_grant_access_token_lifespan: '90s',
  })
  const device = await startDevice(deployment, client)
  await approve(deployment, device, plain)
  const tokens = await bodyOf(await poll(deployment, client, device))
  expect(tokens).toMatchObject({ scope: '', expires_in: expect.closeTo(90, -1) })
  expect(tokens).not.toHaveProperty('id_token')
  expect(tokens).not.toHaveProperty('refresh_token')
})

it('lists the consent with the address where its user began', async () => {
  const client = await registerDeviceClient(deployment)
  await approve(deployment, await startDevice(deployment, client), { login: { subject: 'list' } })
  const path = '/admin/oauth2/auth/sessions/consent?subject=list'
  expect(await (await deployment.admin('GET', path)).json()).toMatchObject([
    {
      consent_request: {
        request_url: `${ISSUER}${VERIFY}?client_id=${client.id}`,
        client: { client_id: client.id },
      },
    },
  ])
})

describe('POST /oauth2/device/auth', () => {
  it.each([
    ['a foreign client_id', { client_id: 'other' }, 400, 'invalid_request'],
    ['no client_id beside Basic', { client_id: '' }, 400, 'invalid_request'],
    ['a scope the client may not have', { scope: 'openid admin' }, 400, 'invalid_scope'],
    ['an audience it may not have', { audience: 'https://other.example' }, 400, 'invalid_request'],
    ['too long a scope', { scope: 'openid '.repeat(1000) }, 400, 'invalid_request'],
  ])('refuses %s', async (_what, fields, status, error) => {
    const client = await registerDeviceClient(deployment)
    const response = await askDevice(deployment, client, fields)
    expect([response.status, await bodyOf(response)]).toEqual([status, expect.objectContaining({ error })])
  })

  it('refuses a client without the grant, a wrong secret and an empty body', async () => {
    const without = await registerClient(deployment)
    expect(await bodyOf(await askDevice(deployment, without))).toMatchObject({ error: 'invalid_grant' })
    expect((await askDevice(deployment, { ...without, secret: 'wrong-secret' })).status).toBe(401)
    expect((await deployment.form('/oauth2/device/auth', {})).status).toBe(400)
  })

  it('takes a public client, and asks its user every time', async () => {
    const client = await registerDeviceClient(deployment, { token_endpoint_auth_method: 'none' })
    const browser = new Browser(deployment)
    const device = await startDevice(deployment, client)
    const remembered = { browser, login: { remember: true }, consent: { remember: true } }
    await approve(deployment, device, remembered)
    expect(await pollOutcome(deployment, client, device)).toBe('ok')
    const { user_code } = await startDevice(deployment, client)
    const atLogin = await browser.next(await enterCode(deployment, browser, user_code))
    const known = await bodyOf(await app.get('login', parameter(atLogin, 'login_challenge')))
    expect(known).toMatchObject({ skip: true, subject: 'alice' })
    const atConsent = await browser.next(await decideOn('login', atLogin, { subject: 'alice' }, 'accept'))
    const consent = await bodyOf(await app.get('consent', parameter(atConsent, 'consent_challenge')))
    expect(consent).toMatchObject({ skip: false })
  })

  it.each([
    [{ OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_ENTROPY_PRESET: 'medium' }, /^[A-Z]{8}$/, /^[A-Z]{4}-[A-Z]{4}$/],
    [{ OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_ENTROPY_PRESET: 'low' }, /^\d{9}$/, /^\d{3}-\d{3}-\d{3}$/],
    [
      {
        OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_LENGTH: '11',
        OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_CHARACTER_SET: 'ABCDEFGH',
      },
      /^[A-H]{11}$/,
      /^[A-H]{4}-[A-H]{4}-[A-H]{3}$/,
    ],
    [
      {
        OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_LENGTH: '12',
        OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_CHARACTER_SET: 'abcdefgh-',
      },
      /^[a-h-]{12}$/,
      /^[a-h-]{12}$/,
    ],
  ])('makes user codes of %j', async (settings, shape, shown) => {
    const own = new Deployment(testEnv({ ...settings, TTL_DEVICE_USER_CODE: '2m' }))
    const device = await startDevice(own, await registerDeviceClient(own))
    expect(device.user_code).toMatch(shape)
    expect(device.expires_in).toBe(120)
    const browser = new Browser(own)
    const page = await browser.visit((await browser.next(device.verification_uri_complete)).href)
    const value = /name="user_code" value="([^"]*)"/.exec(await page.text())?.[1] ?? ''
    expect(value).toMatch(shown)
    expect((await approve(own, { ...device, user_code: value })).status).toBe(302)
  })
})

describe('the page with a code from a link', () => {
  it('shows whose device it is, or nobody while that cannot be asked', async () => {
    const client = await registerDeviceClient(deployment, { client_name: 'Living room TV' })
    const { verification_uri_complete: link, user_code: code } = await startDevice(deployment, client)
    const grouped = `${code.slice(0, 4)}-${code.slice(4)}`
    const silent = varyLedger(testEnv(), { findDevice: () => Promise.reject(new Error('silent')) })
    const shownAt = async (at: Deployment): Promise<Response> => {
      const browser = new Browser(at)
      return browser.visit((await browser.next(link)).href, { headers: { 'sec-fetch-site': 'none' } })
    }
    const named = await shownAt(deployment)
    expect([named.status, await named.text()]).toEqual([200, expect.stringContaining('Living room TV')])
    const plain = await shownAt(new Deployment(silent))
    const page = await plain.text()
    expect([plain.status, page]).toEqual([200, expect.stringContaining(`value="${grouped}"`)])
    expect(page).not.toContain('Living room TV')
  })
})

describe('polling', () => {
  it('too fast is slow_down, and gets the tokens all the same', async () => {
    stopClock()
    const client = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    const outcomes: string[] = []
    for (const pause of [0, 1, 5, 4]) {
      pass(pause)
      outcomes.push(await pollOutcome(deployment, client, device))
    }
    const pending = '400 authorization_pending'
    expect(outcomes).toEqual([pending, '400 slow_down', pending, '400 slow_down'])
    await approve(deployment, device)
    expect(await pollOutcome(deployment, client, device)).toBe('ok')
  })

  it('uses the configured interval', async () => {
    stopClock()
    const own = new Deployment(testEnv({ OAUTH2_DEVICE_AUTHORIZATION_TOKEN_POLLING_INTERVAL: '10s' }))
    const client = await registerDeviceClient(own)
    const device = await startDevice(own, client)
    expect(device.interval).toBe(10)
    await poll(own, client, device)
    pass(8)
    expect(await pollOutcome(own, client, device)).toBe('400 slow_down')
  })

  it('is expired_token after its time, approved or not', async () => {
    stopClock()
    const client = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    const approved = await startDevice(deployment, client)
    await approve(deployment, approved)
    pass(601)
    expect(await pollOutcome(deployment, client, device)).toBe('400 expired_token')
    expect(await pollOutcome(deployment, client, approved)).toBe('400 expired_token')
  })

  it('with a foreign, forged or crossed code is invalid_grant, and changes nothing', async () => {
    const client = await registerDeviceClient(deployment)
    const other = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    await approve(deployment, device)
    expect(await pollOutcome(deployment, other, device)).toBe('400 invalid_grant')
    expect(await pollOutcome(deployment, client, { device_code: 'ory_dc_a.b' })).toBe('400 invalid_grant')
    const bare = device.device_code.slice('ory_dc_'.length)
    expect(await pollOutcome(deployment, client, { device_code: `ory_ac_${bare}` })).toBe('400 invalid_grant')
    expect(await pollOutcome(deployment, client, { device_code: bare })).toBe('ok')
    const without = await registerClient(deployment)
    expect(await pollOutcome(deployment, without, device)).toBe('400 unauthorized_client')
    expect(await bodyOf(await poll(deployment, client, { device_code: '' }))).toMatchObject({
      error: 'invalid_request',
    })
  })

  it('after the client lost its tokens, or the user took the consent back, is invalid_grant', async () => {
    const client = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    await approve(deployment, device, { login: { subject: 'taker' } })
    const path = '/admin/oauth2/auth/sessions/consent?subject=taker&all=true'
    expect((await deployment.admin('DELETE', path)).status).toBe(204)
    expect(await pollOutcome(deployment, client, device)).toBe('400 invalid_grant')
  })
})

describe('a user who says no', () => {
  it.each(['login', 'consent'] as const)('to the %s: access_denied reaches the device', async (step) => {
    const client = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    const browser = new Browser(deployment)
    let at = await browser.next(await enterCode(deployment, browser, device.user_code))
    if (step === 'consent')
      at = await browser.next(await decideOn('login', at, { subject: 'alice' }, 'accept'))
    const no = { error: 'access_denied', error_description: 'Not on this television.' }
    const verdict = await decideOn(step, at, no, 'reject')
    const stranger = await new Browser(deployment).visit(verdict)
    expect([stranger.status, await bodyOf(stranger)]).toEqual([
      403,
      expect.objectContaining({ error: 'request_forbidden' }),
    ])
    const strangers = await new Browser(deployment).visit(verdict, { headers: { accept: 'text/html' } })
    expect(strangers.status).toBe(403)
    expect(await strangers.text()).toContain('<h1>Your device is not connected</h1>')
    expect(await pollOutcome(deployment, client, device)).toBe('400 authorization_pending')
    const shown = await browser.visit(verdict)
    expect([shown.status, await bodyOf(shown)]).toEqual([400, no])
    expect(await pollOutcome(deployment, client, device)).toBe('400 access_denied')
    const page = await browser.visit(verdict, { headers: { accept: 'text/html' } })
    expect(page.status).toBe(400)
    const text = await page.text()
    expect(text).toContain('<h1>Your device is not connected</h1>')
    expect(text).toContain('Not on this television.')
    expect(await pollOutcome(deployment, client, device)).toBe('400 access_denied')
    expect(await bodyOf(await tryCode(device.user_code))).toMatchObject({ error: 'invalid_request' })
  })
})

describe('the second thoughts of a user (RFC 8628 section 3.3)', () => {
  const HTML = { headers: { accept: 'text/html' } }
  const heading = async (page: Response) => [page.status, /<h1>([^<]*)/.exec(await page.text())?.[1]]
  const consents = async (subject: string): Promise<unknown[]> =>
    (await deployment.admin('GET', `/admin/oauth2/auth/sessions/consent?subject=${subject}`)).json()

  /** A device, and both answers to its consent request, none of which is given yet. */
  async function undecided() {
    const client = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    const browser = new Browser(deployment)
    const subject = `user-${crypto.randomUUID()}`
    const atLogin = await browser.next(await enterCode(deployment, browser, device.user_code))
    const atConsent = await browser.next(await decideOn('login', atLogin, { subject }, 'accept'))
    const granted = { grant_scope: ['openid', 'offline_access'], remember: true }
    const yes = await decideOn('consent', atConsent, granted, 'accept')
    const no = await decideOn('consent', atConsent, { error: 'access_denied' }, 'reject')
    return { client, device, browser, subject, yes, no }
  }

  it('a no after a yes counts as long as the device has no tokens, and takes the consent back', async () => {
    const { client, device, browser, subject, yes, no } = await undecided()
    expect((await browser.visit(yes)).status).toBe(302)
    expect(await consents(subject)).toHaveLength(1)
    for (let times = 0; times < 2; times += 1) {
      expect(await heading(await browser.visit(no, HTML))).toEqual([400, 'Your device is not connected'])
    }
    expect(await consents(subject)).toEqual([])
    expect(await pollOutcome(deployment, client, device)).toBe('400 access_denied')
    expect((await browser.next(yes)).pathname).toBe(VERIFY)
    expect(await pollOutcome(deployment, client, device)).toBe('400 access_denied')
  })

  it('a no of somebody else who typed the code counts in the same way', async () => {
    const { client, device, browser, subject, yes } = await undecided()
    const other = new Browser(deployment)
    const atLogin = await other.next(await enterCode(deployment, other, device.user_code))
    await browser.visit(yes)
    expect((await other.visit(await decideOn('login', atLogin, {}, 'reject'))).status).toBe(400)
    expect(await consents(subject)).toEqual([])
    expect(await pollOutcome(deployment, client, device)).toBe('400 access_denied')
  })

  it('a no that comes after the tokens is told that the device is connected', async () => {
    const { client, device, browser, subject, yes, no } = await undecided()
    await browser.visit(yes)
    const tokens = await bodyOf(await poll(deployment, client, device))
    expect(await heading(await browser.visit(no, HTML))).toEqual([400, 'Your device is connected'])
    expect(await bodyOf(await browser.visit(no))).toMatchObject({ error: 'invalid_request' })
    expect(await consents(subject)).toHaveLength(1)
    expect(await deployment.introspect(String(tokens['access_token']))).toMatchObject({ active: true })
    await revoke(deployment, client, String(tokens['refresh_token']))
    expect(await heading(await browser.visit(no, HTML))).toEqual([400, 'Your device is not connected'])
  })

  it('a yes after a no is too late, and says so', async () => {
    const { client, device, browser, subject, yes, no } = await undecided()
    await browser.visit(no)
    const page = await browser.visit(yes, HTML)
    expect(page.status).toBe(403)
    expect(await page.text()).toContain('The device was refused before, and that is final.')
    expect(await consents(subject)).toEqual([])
    expect(await pollOutcome(deployment, client, device)).toBe('400 access_denied')
  })

  it('a no after the time of the code is told that it has expired', async () => {
    stopClock()
    const { browser, yes, no } = await undecided()
    await browser.visit(yes)
    pass(601)
    expect(await bodyOf(await browser.visit(no))).toMatchObject({ error: 'expired_token' })
  })
})

async function tryCode(userCode: unknown, path = VERIFY, headers: HeadersInit = {}): Promise<Response> {
  const challenge = parameter(await new Browser(deployment).next(path, { headers }), 'device_challenge')
  return deployment.admin('PUT', `/admin/oauth2/auth/requests/device/accept?device_challenge=${challenge}`, {
    user_code: userCode,
  })
}

describe('PUT /admin/oauth2/auth/requests/device/accept', () => {
  const outcome = async (response: Response) => [response.status, (await bodyOf(response))['error']]

  it('refuses codes that are empty, unknown, expired or used, and bodies that are none', async () => {
    stopClock()
    const client = await registerDeviceClient(deployment)
    for (const code of ['', '   ', 'NOSUCH99']) {
      expect(await outcome(await tryCode(code)), code).toEqual([400, 'invalid_request'])
    }
    expect((await tryCode(7)).status).toBe(400)
    const used = await startDevice(deployment, client)
    await approve(deployment, used)
    expect(await outcome(await tryCode(used.user_code))).toEqual([400, 'invalid_request'])
    const late = await startDevice(deployment, client)
    pass(601)
    expect(await outcome(await tryCode(late.user_code))).toEqual([400, 'invalid_request'])
  })

  it('takes a code in small letters and in groups, under either name of the challenge and by the old path', async () => {
    const client = await registerDeviceClient(deployment)
    const { user_code: code } = await startDevice(deployment, client)
    const typed = ` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)} `
    const challenge = parameter(await new Browser(deployment).next(VERIFY), 'device_challenge')
    for (const path of [
      `/admin/oauth2/auth/requests/device/accept?challenge=${challenge}`,
      `/oauth2/auth/requests/device/accept?device_challenge=${challenge}`,
    ]) {
      expect((await deployment.admin('PUT', path, { user_code: typed })).status).toBe(200)
    }
  })

  it('refuses a challenge that is missing, forged or of another kind; a late one leads to a fresh start', async () => {
    stopClock()
    const path = '/admin/oauth2/auth/requests/device/accept'
    const body = { user_code: 'X' }
    expect(await outcome(await deployment.admin('PUT', path, body))).toEqual([400, 'invalid_request'])
    const client = await registerDeviceClient(deployment)
    const { user_code } = await startDevice(deployment, client)
    const browser = new Browser(deployment)
    const atLogin = await browser.next(await enterCode(deployment, browser, user_code))
    for (const challenge of ['a.b', parameter(atLogin, 'login_challenge')]) {
      const answer = await deployment.admin('PUT', `${path}?device_challenge=${challenge}`, body)
      expect(await outcome(answer)).toEqual([404, 'Not Found'])
    }
    const challenge = parameter(await browser.next(VERIFY), 'device_challenge')
    pass(31 * 60)
    const late = await deployment.admin('PUT', `${path}?device_challenge=${challenge}`, body)
    expect([late.status, await bodyOf(late)]).toEqual([410, { redirect_to: `${ISSUER}${VERIFY}` }])
  })

  it('lets a network try a limited number of codes in a while, whatever browsers it uses', async () => {
    stopClock()
    const { user_code } = await startDevice(deployment, await registerDeviceClient(deployment))
    const from = (address: string) => ({ 'cf-connecting-ip': address })
    for (let tries = 0; tries < 60; tries += 1) {
      await tryCode('WRONG999', VERIFY, from(`2001:db8:1:2::${tries}`))
    }
    const limited = await tryCode(user_code, VERIFY, from('2001:db8:1:2:3::1'))
    expect(await bodyOf(limited)).toMatchObject({
      error: 'too_many_requests',
      error_description: expect.stringContaining('Too many'),
    })
    expect((await tryCode(user_code, VERIFY, from('2001:db8:1:3::1'))).status).toBe(200)
    pass(9)
    expect((await tryCode(user_code, VERIFY, from('2001:db8:1:2::1'))).status).toBe(429)
    pass(1)
    expect((await tryCode(user_code, VERIFY, from('2001:db8:1:2::1'))).status).toBe(200)
  })
})

describe('GET /oauth2/device/verify', () => {
  const errorOf = async (response: Response) => [
    response.status,
    response.headers.get('content-type'),
    (await bodyOf(response))['error'],
  ]
  const JSON_TYPE = 'application/json'

  it('shows errors as JSON: forged verifiers, no client, another client, another browser', async () => {
    const client = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    for (const name of ['device_verifier', 'login_verifier', 'consent_verifier']) {
      const forged = await deployment.fetch(`${VERIFY}?client_id=${client.id}&${name}=a.b`)
      expect(await errorOf(forged), name).toEqual([403, JSON_TYPE, 'access_denied'])
    }
    const browser = new Browser(deployment)
    const afterCode = await enterCode(deployment, browser, device.user_code)
    const changed = (clientId: string | undefined): string => {
      const url = new URL(afterCode)
      if (clientId === undefined) url.searchParams.delete('client_id')
      else url.searchParams.set('client_id', clientId)
      return url.href
    }
    for (const clientId of [undefined, 'unknown']) {
      expect(await errorOf(await browser.visit(changed(clientId)))).toEqual([
        401,
        JSON_TYPE,
        'invalid_client',
      ])
    }
    // A browser that is told to authenticate asks its user for a password.
    const page = await browser.visit(changed('unknown'), { headers: { accept: 'text/html' } })
    expect([page.status, page.headers.get('www-authenticate')]).toEqual([400, null])
    const elsewhere = await new Browser(deployment).visit(afterCode)
    expect(await errorOf(elsewhere)).toEqual([403, JSON_TYPE, 'request_forbidden'])
    const lastHop = await toLastHop(deployment, device, { browser })
    expect(await errorOf(await new Browser(deployment).visit(lastHop))).toEqual([
      403,
      JSON_TYPE,
      'request_forbidden',
    ])
    expect((await browser.visit(lastHop)).status).toBe(302)
  })

  it('repeats its answers, until the device took its tokens', async () => {
    const client = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    const browser = new Browser(deployment)
    const lastHop = await toLastHop(deployment, device, { browser })
    for (let times = 0; times < 2; times += 1) {
      expect((await browser.next(lastHop)).pathname).toBe('/ui/device/done')
    }
    expect(await pollOutcome(deployment, client, device)).toBe('ok')
    expect((await browser.next(lastHop)).pathname).toBe(VERIFY)
  })

  it('begins again with a late verifier, and says when the code has expired meanwhile', async () => {
    stopClock()
    const client = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    const browser = new Browser(deployment)
    const afterCode = await enterCode(deployment, browser, device.user_code)
    const lastHop = await toLastHop(deployment, device, { browser })
    pass(601)
    expect(await errorOf(await browser.visit(lastHop))).toEqual([400, JSON_TYPE, 'expired_token'])
    expect(await errorOf(await browser.visit(afterCode))).toEqual([400, JSON_TYPE, 'invalid_request'])
    pass(30 * 60)
    expect((await browser.next(lastHop)).pathname).toBe(VERIFY)
    expect((await browser.next(afterCode)).pathname).toBe('/oauth2/device/verify')
  })

  it('lets another user log in than the remembered one', async () => {
    const client = await registerDeviceClient(deployment)
    const browser = new Browser(deployment)
    await approve(deployment, await startDevice(deployment, client), { browser, login: { remember: true } })
    const device = await startDevice(deployment, client)
    const atLogin = await browser.next(await enterCode(deployment, browser, device.user_code))
    const again = await decideOn('login', atLogin, { subject: 'bob' }, 'accept')
    expect(again).toBe(`${ISSUER}${VERIFY}?client_id=${client.id}&prompt=login`)
    const challenge = parameter(await browser.next(again), 'device_challenge')
    const anew = await app.decide('device', 'accept', challenge, { user_code: device.user_code })
    const login = await browser.next(anew)
    expect(await bodyOf(await app.get('login', parameter(login, 'login_challenge')))).toMatchObject({
      skip: false,
    })
    const atConsent = await browser.next(await decideOn('login', login, { subject: 'bob' }, 'accept'))
    await browser.next(await decideOn('consent', atConsent, { grant_scope: ['openid'] }, 'accept'))
    const tokens = await bodyOf(await poll(deployment, client, device))
    expect(await deployment.introspect(String(tokens['access_token']))).toMatchObject({ sub: 'bob' })
  })
})

it('logs what became of a device, and neither of its codes', async () => {
  const lines: string[] = []
  vi.spyOn(console, 'log').mockImplementation((line) => lines.push(String(line)))
  const client = await registerDeviceClient(deployment)
  const device = await startDevice(deployment, client)
  await deployment.fetch(device.verification_uri_complete)
  await approve(deployment, device)
  await poll(deployment, client, device)
  vi.restoreAllMocks()
  const log = lines.join('\n')
  const events = [...log.matchAll(/"event":"([^"]+)"/g)].map(([, event]) => event)
  expect(events).toEqual(['client.created', 'session.started', 'consent.granted', 'device.approved'])
  expect(log).not.toContain(device.user_code)
  expect(log).not.toContain(device.device_code)
})

it('offers the grant in discovery', async () => {
  const document = await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))
  expect(document).toMatchObject({
    device_authorization_endpoint: `${ISSUER}/oauth2/device/auth`,
    grant_types_supported: expect.arrayContaining([DEVICE_GRANT]),
  })
})
