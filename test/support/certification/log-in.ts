import type { JWTPayload } from 'jose'
import { expect } from 'vitest'
import type { Browser } from '../deployment.ts'
import { checkedAnswer, checkedIdToken, checkedTokens, checkedUserinfo, userinfo } from './checks.ts'
import { type Changes, type Client, type Json, newBrowser, OP, redeem, requestOf, send } from './suite.ts'
import type { Landing } from './walk.ts'

/** A login that went through, with all that the client got. */
export interface LoggedIn {
  readonly landing: Landing
  readonly answer: Json
  /** The latest access token, and the latest ID token with its claims. */
  readonly accessToken: string | undefined
  readonly idToken: string
  readonly claims: JWTPayload
  /** The token response, where there was a code. */
  readonly tokens: Json
}

/** How a login differs from the plainest one. */
export interface LoginOptions {
  readonly browser?: Browser
  readonly request?: Changes
  /** Fields of the token request. */
  readonly token?: Readonly<Record<string, string>>
  /** Claims that an ID token may have because they were asked for. */
  readonly asked?: readonly string[]
  /** Sends the request in another way. */
  readonly send?: (request: Changes, browser: Browser) => Promise<Landing>
}

/**
 * A whole login, with every check that the suite makes in all of its modules: how the answer comes, issuer and state, ID tokens from
 * both endpoints, the token response, userinfo by each access token, and the same subject in all of them.
 */
export async function logIn(client: Client, options: LoginOptions = {}): Promise<LoggedIn> {
  const { browser = newBrowser(), asked = [] } = options
  const request = requestOf(client, options.request)
  const landing = await (options.send ?? send)(request, browser)
  const answer = checkedAnswer(landing, client)
  expect(answer['error']).toBeUndefined()
  expect(answer).toMatchObject({ state: request['state'], iss: OP })
  const types = client.variant.responseType.split(' ')
  const nonce = request['nonce']
  const front = await checkedFront(client, types, answer, { nonce, asked })
  if (!types.includes('code')) return { landing, answer, tokens: {}, ...front, claims: front.claims ?? {} }
  const tokens = await checkedTokens(await redeem(client, String(answer['code']), options.token))
  const accessToken = String(tokens['access_token'])
  const claims = await checkedIdToken(client, tokens['id_token'], { nonce, asked, accessToken })
  if (front.claims !== undefined) expect(claims.sub).toBe(front.claims.sub)
  expect((await userinfo(accessToken)).status).toBe(200)
  return { landing, answer, tokens, accessToken, idToken: String(tokens['id_token']), claims }
}

interface Front {
  readonly accessToken: string | undefined
  readonly idToken: string
  readonly claims: JWTPayload | undefined
}

async function checkedFront(
  client: Client,
  types: readonly string[],
  answer: Json,
  { nonce, asked }: { readonly nonce: string | undefined; readonly asked: readonly string[] },
): Promise<Front> {
  const has = { code: 'code' in answer, token: 'access_token' in answer, id_token: 'id_token' in answer }
  expect(has).toEqual(Object.fromEntries(Object.keys(has).map((type) => [type, types.includes(type)])))
  const accessToken = has.token ? String(answer['access_token']) : undefined
  const code = has.code ? String(answer['code']) : undefined
  const idToken = String(answer['id_token'])
  const beside = { nonce, accessToken, code, asked }
  const claims = has.id_token ? await checkedIdToken(client, idToken, beside) : undefined
  if (accessToken !== undefined) {
    expect(String(answer['token_type']).toLowerCase()).toBe('bearer')
    const response = await userinfo(accessToken)
    if (claims === undefined) expect(response.status).toBe(200)
    else await checkedUserinfo(response, claims.sub)
  }
  return { accessToken, idToken, claims }
}
