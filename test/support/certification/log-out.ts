import { expect } from 'vitest'
import { variantsOf } from '../../flows/openid/certification/plans.ts'
import type { Browser } from '../deployment.ts'
import { checkError, checkedAnswer } from './checks.ts'
import { type LoggedIn, logIn } from './log-in.ts'
import {
  type Changes,
  type Client,
  endpoint,
  type Json,
  metadata,
  newBrowser,
  random,
  register,
  requestOf,
  SUITE,
  send,
} from './suite.ts'
import { type Landing, WILLING, walk } from './walk.ts'

/** Where the suite's client is returned to after a logout. */
export const GOODBYE = `${SUITE}/post_logout_redirect`

/** Every kind of character that may be in a state (RFC 6749 appendix A.5). */
export const STATE = `!"#$%&'()*,-./:<=>?@[\\]^_{|}~${random(20)}`

/** A client with a user who is logged in. */
export interface Session {
  readonly client: Client
  readonly browser: Browser
  readonly login: LoggedIn
  /** The whole logout request, as the suite makes it. */
  readonly request: Changes
}

const LONG_STATE = 128

/** Registers a client that wants to hear of logouts, and logs a user in there. */
export async function logInToLeave(module: string, changes: Json = {}): Promise<Session> {
  const [variant] = variantsOf(module)
  if (variant === undefined) throw new Error(`no plan runs ${module}`)
  const client = await register(variant, { post_logout_redirect_uris: [GOODBYE], ...changes })
  const browser = newBrowser()
  const state = `${random(32)
    .repeat(4)
    .slice(0, LONG_STATE - 4)}-._~`
  const login = await logIn(client, { browser, request: { state } })
  const request = { id_token_hint: login.idToken, post_logout_redirect_uri: GOODBYE, state: STATE }
  return { client, browser, login, request }
}

/** Sends the browser to the logout endpoint, where the user agrees to what they are asked. */
export async function logOut(browser: Browser, request: Changes): Promise<Landing> {
  const pairs = Object.entries(request).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
  const url = `${await endpoint('end_session_endpoint')}?${new URLSearchParams(pairs)}`
  return walk(browser, url, WILLING)
}

/** Checks that the browser came back to the client with these parameters and no others. */
export function checkReturn({ url }: Landing, parameters: Readonly<Record<string, string>>): void {
  expect(`${url.origin}${url.pathname}`).toBe(GOODBYE)
  expect(Object.fromEntries(url.searchParams)).toEqual(parameters)
}

/** Checks that nobody is logged in any more: prompt=none is an error (OIDC Core section 3.1.2.6). */
export async function checkLoggedOut({ client, browser }: Session): Promise<void> {
  const request = requestOf(client, { prompt: 'none' })
  const landing = await send(request, browser)
  checkError(checkedAnswer(landing, client), request['state'], [
    'interaction_required',
    'login_required',
    'account_selection_required',
    'consent_required',
  ])
}

/** Checks that discovery names the logout endpoint, that every endpoint is https, and that these are supported. */
export async function checkLogoutMetadata(supported: readonly string[]): Promise<void> {
  const document = await metadata()
  for (const [name, value] of Object.entries(document))
    if (/_(?:endpoint|uri|iframe)$/.test(name))
      expect({ [name]: value }).toEqual({ [name]: expect.stringMatching(/^https:\/\//) })
  expect(document).toHaveProperty('end_session_endpoint')
  expect(document).toMatchObject(Object.fromEntries(supported.map((name) => [name, true])))
}
