import { makeKey } from '../../support/assertions.ts'
import { bodyOf } from '../../support/browser.ts'
import {
  authorizeAt,
  logIn,
  parameter,
  REDIRECT_URI,
  redeem,
  refresh,
  registerClient,
  tokenRequest,
} from '../../support/relying-party.ts'
import { trust } from '../../support/trust.ts'
import type { Isolate } from '../harness/isolate.ts'
import {
  type Arena,
  BURST,
  burst,
  hold,
  oneWinner,
  pause,
  type Race,
  somebody,
  summary,
  withStatus,
} from './race.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

const withToken = (token: string): Record<string, string> => ({
  authorization: `Bearer ${token}`,
  ...JSON_TYPE,
})

const metadata = (name: string): string =>
  JSON.stringify({ redirect_uris: [REDIRECT_URI], client_name: name, scope: 'openid' })

/** One registration token used for many changes: one change counts, and its new token is the one that works. */
const registrationPut: Race = async (arena) => {
  const { first, second } = arena
  const made = await bodyOf(
    await first.fetch('/oauth2/register', { method: 'POST', headers: JSON_TYPE, body: metadata('new') }),
  )
  const path = `/oauth2/register/${String(made['client_id'])}`
  const old = String(made['registration_access_token'])
  const told = await burst(
    arena,
    (at, turn) =>
      at.fetch(path, { method: 'PUT', headers: withToken(old), body: metadata(`change ${turn}`) }),
    BURST,
    // Many writers of one client are told to come again.
    ['503 temporarily_unavailable'],
  )
  const good = withStatus(told, 200)
  hold(good.length > 0, 'no winner', told[0]?.body)
  const stored = await bodyOf(await first.admin('GET', `/admin/clients/${String(made['client_id'])}`))
  const names = good.map(({ body }) => body['client_name'])
  hold(
    names.includes(stored['client_name']),
    'what is stored was not acknowledged',
    stored['client_name'],
    names,
  )
  const winner = good.find(({ body }) => body['client_name'] === stored['client_name'])
  const token = String(winner?.body['registration_access_token'])
  const next = await second.fetch(path, { headers: withToken(token) })
  hold(next.status === 200, 'the new token is refused', next.status)
}

const createClient: Race = async (arena) => {
  const client_id = `race-${crypto.randomUUID()}`
  const told = await burst(arena, (at, turn) =>
    at.admin('POST', '/admin/clients', {
      client_id,
      client_name: String(turn),
      redirect_uris: [REDIRECT_URI],
    }),
  )
  const winner = oneWinner(told, 201, [
    '409 Unable to insert or update resource because a resource with that value exists already',
  ])
  const stored = await bodyOf(await arena.second.admin('GET', `/admin/clients/${client_id}`))
  hold(stored['client_name'] === winner.body['client_name'], 'another one is stored', stored['client_name'])
}

/** In the isolate that deleted a client nothing of it is taken any more; made again, it does not inherit its tokens. */
const deleteClient: Race = async (arena) => {
  const own = await registerClient(arena.first)
  const login = { subject: somebody() }
  const tokens = await logIn(arena.first, own, { login })
  const code = parameter(await authorizeAt(arena.first, own, { login: { subject: somebody() } }), 'code')
  let acknowledged = false
  const late: string[] = []
  await burst(arena, async (at, turn) => {
    await pause(Math.random() * 250)
    if (turn === BURST / 2) {
      const answer = await arena.first.admin('DELETE', `/admin/clients/${own.id}`)
      hold(answer.status === 204, 'not deleted', answer.status)
      acknowledged = true
      return answer
    }
    const isLate = acknowledged && at === arena.first
    const answer = await use(at, own, turn, tokens.refresh_token, code)
    if (isLate && answer.status === 200) late.push(`kind ${turn % 3}`)
    return answer
  })
  hold(late.length === 0, 'taken in the same isolate after the deletion', late)
  await arena.first.admin('POST', '/admin/clients', {
    ...{ client_id: own.id, client_secret: own.secret, redirect_uris: [REDIRECT_URI] },
    grant_types: ['authorization_code', 'refresh_token'],
  })
  const later = await refresh(arena.first, own, tokens.refresh_token)
  hold(later.status === 400, 'a client made anew has the tokens of the old one', later.status)
}

function use(
  at: Isolate,
  own: Parameters<typeof refresh>[1],
  turn: number,
  token: string,
  code: string,
): Promise<Response> {
  if (turn % 3 === 0) return refresh(at, own, token)
  return turn % 3 === 1 ? tokenRequest(at, own, { grant_type: 'client_credentials' }) : redeem(at, own, code)
}

const sameKey: Race = async (arena) => {
  const set = `set-${crypto.randomUUID()}`
  const body = { alg: 'ES256', use: 'sig', kid: 'one' }
  const told = await burst(arena, (at) => at.admin('POST', `/admin/keys/${set}`, body), 20)
  hold(withStatus(told, 201).length === 1, 'not one winner', withStatus(told, 201).length)
  const { keys } = await bodyOf(await arena.second.admin('GET', `/admin/keys/${set}`))
  hold(Array.isArray(keys) && keys.length === 1, 'not one key', keys)
}

const trustedIssuer: Race = async (arena) => {
  const key = await arena.kept('trusted key', () => makeKey())
  const issuer = `https://issuer.example/${crypto.randomUUID()}`
  const told = await burst(arena, (at) => trust(at, key, issuer), 20)
  hold(withStatus(told, 201).length === 1, 'not one winner', withStatus(told, 201).length)
}

/** An initial access token of five uses gives five clients, whoever asks at once and where (RFC 7591 section 3). */
const initialAccess: Race = async (arena) => {
  const path = '/admin/registration/initial-access-tokens'
  const made = await bodyOf(await arena.first.admin('POST', path, { uses: 5 }))
  const headers = withToken(String(made['token']))
  const told = await burst(arena, (at, turn) =>
    at.fetch('/oauth2/register', { method: 'POST', headers, body: metadata(`initial ${turn}`) }),
  )
  hold(withStatus(told, 201).length === 5, 'not five clients', summary(told))
  hold(withStatus(told, 401).length === BURST - 5, 'not as documented', summary(told))
}

export const ADMIN_RACES: Readonly<Record<string, Race>> = {
  'registration token used for a change': registrationPut,
  'initial access token of five uses': initialAccess,
  'client of one id made': createClient,
  'deletion of a client against its tokens': deleteClient,
  'key of one kid made': sameKey,
  'issuer trusted': trustedIssuer,
}

/** The first requests of all to a database without keys: both isolates end with the same keys, one of each set. */
export const emptyStart: Race = async (arena) => {
  await burst(arena, (at) => at.fetch('/.well-known/jwks.json'))
  const keys = async (at: Isolate): Promise<string> =>
    JSON.stringify(await bodyOf(await at.fetch('/.well-known/jwks.json')))
  const told = await burst(arena, async (at) => {
    const own = await registerClient(at)
    return tokenRequest(at, own, { grant_type: 'client_credentials' })
  })
  hold(withStatus(told, 200).length === BURST, 'not all got a token', told[0]?.body)
  const sets = ['hydra.openid.id-token', 'hydra.jwt.access-token']
  for (const set of sets) {
    const { keys: made } = await bodyOf(await arena.first.admin('GET', `/admin/keys/${set}`))
    hold(Array.isArray(made) && made.length <= 1, `not one key in ${set}`, Array.isArray(made) && made.length)
  }
  const [one, other] = [await keys(arena.first), await keys(arena.second)]
  hold(one === other, 'the isolates have different keys')
}

/**
 * How long the other isolate goes on with clients that one deleted, seconds; at most 60 (design rule 5). All clients are used
 * in both first, so that both hold copies.
 */
export async function deletionBound({ first, second }: Arena, clients: number): Promise<readonly number[]> {
  const own = await Promise.all(Array.from({ length: clients }, () => registerClient(first)))
  const works = async (client: (typeof own)[number]): Promise<boolean> => {
    const answer = await tokenRequest(second, client, { grant_type: 'client_credentials' })
    await answer.arrayBuffer()
    return answer.status === 200
  }
  for (const client of own) hold(await works(client), 'does not work before')
  return await Promise.all(
    own.map(async (client) => {
      await pause(Math.random() * 20_000)
      hold(await works(client), 'does not work before')
      const answer = await first.admin('DELETE', `/admin/clients/${client.id}`)
      hold(answer.status === 204, 'not deleted', answer.status)
      const acknowledged = Date.now()
      while (await works(client)) {
        hold(Date.now() - acknowledged < 65_000, 'works 65 s after the deletion')
        await pause(250)
      }
      return Math.round((Date.now() - acknowledged) / 100) / 10
    }),
  )
}
