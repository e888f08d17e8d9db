import { Browser, bodyOf } from '../../support/browser.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'
import {
  type Arena,
  BURST,
  burst,
  hold,
  oneWinner,
  pause,
  peek,
  type Race,
  somebody,
  summary,
  type Told,
} from './race.ts'

const client = (arena: Arena) => arena.kept('client', () => registerClient(arena.first))
const REMEMBERED = { remember: true, remember_for: 3600 }

/** Goes as far as the last hop, which is not opened: its address and the browser that may open it. */
export async function consentHop(
  { first }: Arena,
  own: TestClient,
  {
    subject = somebody(),
    request = {},
    scope = ['openid', 'offline_access'],
  }: { readonly subject?: string; readonly request?: Record<string, string>; readonly scope?: string[] } = {},
): Promise<{ readonly browser: Browser; readonly last: string }> {
  const app = new LoginApp(first)
  const browser = new Browser(first)
  const atLogin = parameter(await browser.next(authorizationPath(own, request)), 'login_challenge')
  const afterLogin = await app.decide('login', 'accept', atLogin, { subject })
  const atConsent = parameter(await browser.next(afterLogin), 'consent_challenge')
  return { browser, last: await app.decide('consent', 'accept', atConsent, { grant_scope: scope }) }
}

const codeOf = ({ location }: Told): string | undefined => location?.searchParams.get('code') ?? undefined

const consentVerifier: Race = async (arena) => {
  const own = await client(arena)
  const subject = somebody()
  const { browser, last } = await consentHop(arena, own, { subject })
  const told = await burst(arena, (at) => peek(at, browser, last))
  const codes = new Set(told.map(codeOf))
  const [code] = codes
  hold(codes.size === 1 && code !== undefined, 'not one code', summary(told))
  const path = `/admin/oauth2/auth/sessions/consent?subject=${subject}`
  const listed: unknown = await (await arena.first.admin('GET', path)).json()
  hold(Array.isArray(listed) && listed.length === 1, 'not one consent', listed)
  oneWinner(await burst(arena, (at) => redeem(at, own, code ?? ''), 10), 200, ['400 invalid_grant'])
}

const loginVerifier: Race = async (arena) => {
  const own = await client(arena)
  const app = new LoginApp(arena.first)
  const browser = new Browser(arena.first)
  const challenge = parameter(await browser.next(authorizationPath(own)), 'login_challenge')
  const next = await app.decide('login', 'accept', challenge, { subject: somebody(), ...REMEMBERED })
  const told = await burst(arena, (at) => peek(at, browser, next))
  const sids = new Set<unknown>()
  for (const { location } of told) {
    const consent = location?.searchParams.get('consent_challenge') ?? ''
    hold(consent !== '', 'no consent challenge', summary(told))
    sids.add((await bodyOf(await app.get('consent', consent)))['login_session_id'])
  }
  hold(sids.size === 1, 'not one session', [...sids])
}

/** A revocation of all consents against refreshes, a consent verifier and a code of the same user. */
const consentRevocation: Race = async (arena) => {
  const own = await client(arena)
  const subject = somebody()
  const login = { subject }
  const tokens = await logIn(arena.first, own, { login })
  const { browser, last } = await consentHop(arena, own, { subject })
  const code = parameter(await authorizeAt(arena.first, own, { login }), 'code')
  let acknowledged = false
  const late: string[] = []
  const path = `/admin/oauth2/auth/sessions/consent?subject=${subject}&all=true`
  const told = await burst(arena, async (at, turn) => {
    await pause(Math.random() * 250)
    if (turn === BURST / 2) {
      const answer = await at.admin('DELETE', path)
      hold(answer.status === 204, 'not revoked', answer.status)
      acknowledged = true
      return answer
    }
    const isLate = acknowledged
    const kind = turn % 3
    const answer =
      kind === 0
        ? await refresh(at, own, tokens.refresh_token)
        : kind === 1
          ? await peek(at, browser, last)
          : await redeem(at, own, code)
    const gave = answer.status === 200 || (answer.headers.get('location') ?? '').includes('code=')
    if (isLate && gave) late.push(`${kind} ${answer.status}`)
    return answer
  })
  hold(late.length === 0, 'given after the revocation was acknowledged', late)
  await nothingLives(arena, own, told)
  const listed: unknown = await (
    await arena.first.admin('GET', `/admin/oauth2/auth/sessions/consent?subject=${subject}`)
  ).json()
  hold(Array.isArray(listed) && listed.length === 0, 'consents are left', listed)
}

async function nothingLives(arena: Arena, own: TestClient, told: readonly Told[]): Promise<void> {
  for (const one of told) {
    const token = one.body['access_token']
    if (token !== undefined) hold(!(await arena.second.isActive(String(token))), 'a token lives')
    const code = codeOf(one)
    if (code === undefined) continue
    const answer = await redeem(arena.second, own, code)
    hold(answer.status === 400, 'a code from before the revocation works', answer.status)
  }
}

const OUT = 'https://app.example/out'

/** One logout opened many times: all end at the client, the session is over. */
const logout: Race = async (arena) => {
  const own = await arena.kept('logout client', () =>
    registerClient(arena.first, { post_logout_redirect_uris: [OUT] }),
  )
  const browser = new Browser(arena.first)
  const tokens = await logIn(arena.first, own, { browser, login: { subject: somebody(), ...REMEMBERED } })
  const query = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: OUT })
  const challenge = parameter(await browser.next(`/oauth2/sessions/logout?${query}`), 'logout_challenge')
  const next = await new LoginApp(arena.first).decide('logout', 'accept', challenge)
  const told = await burst(arena, (at) => peek(at, browser, next))
  hold(
    told.every(({ location }) => location?.href.startsWith(OUT) === true),
    'somewhere else',
    summary(told),
  )
  const silent = await browser.next(authorizationPath(own, { prompt: 'none' }))
  hold(parameter(silent, 'error') === 'login_required', 'still logged in', silent.search)
}

/** All sessions of a user are deleted while a page asks for them without a question. */
const deleteSessions: Race = async (arena) => {
  const own = await client(arena)
  const subject = somebody()
  const browser = new Browser(arena.first)
  await logIn(arena.first, own, { browser, login: { subject, ...REMEMBERED } })
  let acknowledged = false
  const late: string[] = []
  await burst(arena, async (at, turn) => {
    await pause(Math.random() * 250)
    if (turn === BURST / 2) {
      const answer = await at.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
      hold(answer.status === 204, 'not ended', answer.status)
      acknowledged = true
      return answer
    }
    const isLate = acknowledged
    const answer = await peek(at, browser, authorizationPath(own, { prompt: 'none' }))
    const where = answer.headers.get('location') ?? ''
    if (isLate && !where.includes('login_required')) late.push(where.slice(0, 120))
    return answer
  })
  hold(late.length === 0, 'a session answers after its end was acknowledged', late)
}

export const LOGIN_RACES: Readonly<Record<string, Race>> = {
  'consent verifier opened': consentVerifier,
  'login verifier opened': loginVerifier,
  'consent revocation against refresh, redemption and verifier': consentRevocation,
  'logout opened': logout,
  'deletion of sessions against prompt=none': deleteSessions,
}
