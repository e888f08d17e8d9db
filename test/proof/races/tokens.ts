import { assertionFields, makeKey, signAssertion } from '../../support/assertions.ts'
import { Browser } from '../../support/browser.ts'
import { approve, poll, registerDeviceClient, startDevice, toLastHop } from '../../support/device.ts'
import {
  authorizeAt,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
  tokenRequest,
} from '../../support/relying-party.ts'
import { trust } from '../../support/trust.ts'
import { JWT_BEARER } from '../fuzz/drafts.ts'
import { consentHop } from './logins.ts'
import {
  type Arena,
  BURST,
  burst,
  hold,
  oneWinner,
  pause,
  peek,
  type Race,
  sameForAll,
  somebody,
  summary,
  tell,
  withStatus,
} from './race.ts'

const client = (arena: Arena) => arena.kept('client', () => registerClient(arena.first))
const text = (value: unknown): string => String(value)

const code: Race = async (arena) => {
  const own = await client(arena)
  const one = parameter(await authorizeAt(arena.first, own, { login: { subject: somebody() } }), 'code')
  const told = await burst(arena, (at) => redeem(at, own, one))
  const winner = oneWinner(told, 200, ['400 invalid_grant'])
  hold(!(await arena.second.isActive(text(winner.body['access_token']))), 'alive after a second redemption')
  const later = await refresh(arena.first, own, text(winner.body['refresh_token']))
  hold(later.status === 400, 'refreshed after a second redemption', later.status)
}

const refreshed: Race = async (arena) => {
  const own = await client(arena)
  const tokens = await logIn(arena.first, own, { login: { subject: somebody() } })
  const told = await burst(arena, (at) => refresh(at, own, tokens.refresh_token))
  const one = sameForAll(told, ['access_token', 'refresh_token'])
  hold(await arena.second.isActive(text(one.body['access_token'])), 'the successor is not active')
}

/** One hundred steps; of each tenth the answer is lost and the old token sent again, up to three times. */
const chain: Race = async (arena) => {
  const own = await client(arena)
  let { refresh_token } = await logIn(arena.first, own, { login: { subject: somebody() } })
  let access = ''
  for (let step = 0; step < 100; step += 1) {
    const at = Math.random() < 0.5 ? arena.first : arena.second
    const times = Math.random() < 0.1 ? 1 + Math.floor(Math.random() * 3) : 0
    for (let lost = 0; lost <= times; lost += 1) {
      const told = await tell(await refresh(at, own, refresh_token))
      hold(told.status === 200, `step ${step}, try ${lost}`, told.status, told.body)
      if (lost < times) continue
      refresh_token = text(told.body['refresh_token'])
      access = text(told.body['access_token'])
    }
  }
  hold(await arena.first.isActive(access), 'the last access token is not active')
}

const devicePoll: Race = async (arena) => {
  const own = await arena.kept('device client', () => registerDeviceClient(arena.first))
  const device = await startDevice(arena.first, own)
  await approve(arena.first, device, { login: { subject: somebody() } })
  const told = await burst(arena, (at) => poll(at, own, device))
  const others = ['400 invalid_grant', '400 slow_down', '400 expired_token']
  const winner = oneWinner(told, 200, others)
  hold(await arena.first.isActive(text(winner.body['access_token'])), 'the device has no active token')
}

/** Several users say yes to one device at once: one grant counts, and only its tokens live. */
const deviceDecision: Race = async (arena) => {
  const own = await arena.kept('device client', () => registerDeviceClient(arena.first))
  const device = await startDevice(arena.first, own)
  const browsers = Array.from({ length: 8 }, () => new Browser(arena.first))
  const hops = await Promise.all(
    browsers.map(async (browser) => ({
      browser,
      last: await toLastHop(arena.first, device, { browser, login: { subject: somebody() } }),
    })),
  )
  const told = await burst(arena, (at, turn) => {
    const { browser, last } = hops[turn % hops.length] ?? { browser: new Browser(at), last: '/' }
    return peek(at, browser, last)
  })
  hold(
    told.every(({ status }) => status < 500),
    'answers',
    summary(told),
  )
  const first = await tell(await poll(arena.first, own, device))
  hold(first.status === 200, 'no tokens for the approved device', first.body)
  const again = await tell(await poll(arena.second, own, device))
  hold(again.status === 400, 'two grants for one device', again.body)
}

const clientAssertion: Race = async (arena) => {
  const key = await arena.kept('key', () => makeKey())
  const own = await arena.kept('assertion client', () =>
    registerClient(arena.first, {
      ...{ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.publicJwk] } },
      ...{ token_endpoint_auth_signing_alg: 'ES256', grant_types: ['client_credentials'], redirect_uris: [] },
    }),
  )
  const claims = { aud: `${arena.first.base}/oauth2/token` }
  const assertion = await signAssertion(key, { iss: own.id, sub: own.id }, { claims })
  const fields = { grant_type: 'client_credentials', ...assertionFields(assertion) }
  const told = await burst(arena, (at) => at.form('/oauth2/token', fields))
  oneWinner(told, 200, ['401 invalid_client', '400 invalid_client', '400 jti_known'])
}

const bearerAssertion: Race = async (arena) => {
  const { key, own, issuer } = await arena.kept('issuer', async () => {
    const made = await makeKey()
    const name = `https://issuer.example/${crypto.randomUUID()}`
    await trust(arena.first, made, name, { subject: undefined, allow_any_subject: true })
    const grant_types = [JWT_BEARER]
    return {
      key: made,
      issuer: name,
      own: await registerClient(arena.first, { grant_types, redirect_uris: [] }),
    }
  })
  const claims = { aud: `${arena.first.base}/oauth2/token` }
  const assertion = await signAssertion(key, { iss: issuer, sub: somebody() }, { claims })
  const fields = { grant_type: JWT_BEARER, assertion, scope: 'api.read' }
  const told = await burst(arena, (at) => tokenRequest(at, own, fields))
  oneWinner(told, 200, ['400 invalid_grant', '400 jti_known'])
}

/** Nothing that was issued before or after an acknowledged revocation lives. */
const revokeAgainstRefresh: Race = async (arena) => {
  const own = await client(arena)
  const tokens = await logIn(arena.first, own, { login: { subject: somebody() } })
  const told = await burst(arena, async (at, turn) => {
    await pause(Math.random() * 200)
    if (turn !== BURST / 2) return refresh(at, own, tokens.refresh_token)
    const answer = await revoke(at, own, tokens.refresh_token)
    for (const isolate of [arena.first, arena.second])
      hold(!(await isolate.isActive(tokens.access_token)), 'active after the revocation was acknowledged')
    return answer
  })
  for (const { body } of withStatus(told, 200)) {
    if (body['access_token'] === undefined) continue
    hold(!(await arena.second.isActive(text(body['access_token']))), 'a token lives after its revocation')
    const later = await refresh(arena.first, own, text(body['refresh_token']))
    hold(later.status === 400, 'refreshed after its revocation', later.status)
  }
}

const CHANNEL = { response_types: ['code', 'code id_token', 'id_token token', 'token'] }

/** What the authorization endpoint itself issues: one issue, the same for every repeat. */
const frontChannel: Race = async (arena) => {
  const own = await arena.kept('front-channel client', () =>
    registerClient(arena.first, { ...CHANNEL, grant_types: ['authorization_code', 'implicit'] }),
  )
  const request = { response_type: 'id_token token', scope: 'openid' }
  const { browser, last } = await consentHop(arena, own, { request, scope: ['openid'] })
  const told = await burst(arena, (at) => peek(at, browser, last))
  const issued = told.map(({ location }) => new URLSearchParams(location?.hash.slice(1)).get('access_token'))
  hold(
    new Set(issued).size === 1 && issued[0] !== null,
    'not one issue',
    [...new Set(issued)].length,
    summary(told),
  )
  hold(await arena.second.isActive(issued[0] ?? ''), 'what was issued is not active')
}

export const TOKEN_RACES: Readonly<Record<string, Race>> = {
  'code redeemed': code,
  'refresh token used': refreshed,
  'chain of refreshes with lost answers': chain,
  'device polls': devicePoll,
  'device approved by several users': deviceDecision,
  'private_key_jwt jti': clientAssertion,
  'jwt-bearer jti': bearerAssertion,
  'revocation against refresh': revokeAgainstRefresh,
  'front-channel tokens': frontChannel,
}

/** With a grace period of 0 s: one winner, and the family is dead. */
export const strictRefresh: Race = async (arena) => {
  const own = await client(arena)
  const tokens = await logIn(arena.first, own, { login: { subject: somebody() } })
  const told = await burst(arena, (at) => refresh(at, own, tokens.refresh_token))
  const winner = oneWinner(told, 200, ['400 invalid_grant'])
  hold(!(await arena.second.isActive(text(winner.body['access_token']))), 'the family lives after a reuse')
}

/** With a reuse count of 3: the advance and three repeats. */
export const countedRefresh: Race = async (arena) => {
  const own = await client(arena)
  const tokens = await logIn(arena.first, own, { login: { subject: somebody() } })
  const told = await burst(arena, (at) => refresh(at, own, tokens.refresh_token))
  const good = withStatus(told, 200)
  hold(good.length === 4, 'not four', summary(told))
  hold(new Set(good.map(({ body }) => body['refresh_token'])).size === 1, 'not one successor')
}
