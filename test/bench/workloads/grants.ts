import { type Lane, prepare } from '../generator/lane.ts'
import type { Answer } from '../generator/line.ts'
import type { Work } from '../generator/load.ts'
import { bearer, formText, requestText } from '../generator/site.ts'
import { type OAuthServer, REDIRECT_URI, VERIFIER } from '../systems/oauth-server.ts'

/** What a grant gave. */
export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

export const LANES = 16

/** Users that log in again and again. */
const USERS: readonly string[] = Array.from({ length: 64 }, (_, index) => `user-${index}`)

let turns = 0

/** One of the known users, each in turn. */
function knownUser({ users = USERS }: OAuthServer): string {
  turns += 1
  return users[turns % users.length] ?? ''
}

/** A user that was never there. */
function newUser(): string {
  turns += 1
  return `new-user-${turns}-${Date.now()}`
}

export const tokensOf = ({ body }: Answer): Tokens => JSON.parse(body)

const exchangeText = ({ site, paths, app }: OAuthServer, code: string): string =>
  formText(
    site,
    paths.token,
    {
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: VERIFIER,
      ...app.fields,
    },
    app.headers,
  )

/** Logs a user in and redeems the code. */
export async function logIn(
  server: OAuthServer,
  lane: Lane,
  identified: boolean,
  subject = knownUser(server),
): Promise<Tokens> {
  const code = await server.login(lane, subject, server.scope(identified))
  const needle = identified && server.identifies ? '"id_token"' : '"refresh_token"'
  return tokensOf(await lane.ask(server.site, exchangeText(server, code), 200, needle))
}

/** Whole logins, each in a browser of its own. */
export function loginWork(server: OAuthServer, user: 'known' | 'new'): Work {
  const step = async (lane: Lane): Promise<void> => {
    await logIn(server, lane, true, user === 'known' ? knownUser(server) : newUser())
  }
  return { step, roots: server.roots, lanes: LANES }
}

/** Codes for tokens; each serves once. */
export async function exchangeWork(server: OAuthServer, supply: number): Promise<Work> {
  const scope = server.scope(true)
  const needle = server.identifies ? '"id_token"' : '"access_token"'
  const requests = (await prepare(supply, LANES, (lane) => server.login(lane, knownUser(server), scope))).map(
    (code) => exchangeText(server, code),
  )
  const step = async (lane: Lane): Promise<void> => {
    await lane.ask(server.site, requests.pop() ?? '', 200, needle)
  }
  return { step, roots: server.roots, lanes: LANES, supply: requests.length }
}

/** Refresh tokens for the next ones, each session in series. */
export async function refreshWork(server: OAuthServer, sessions: number): Promise<Work> {
  const { site, paths, app } = server
  const held = (await prepare(sessions, sessions, (lane) => logIn(server, lane, false))).map(
    (tokens) => tokens.refresh_token,
  )
  const step = async (lane: Lane, index: number): Promise<void> => {
    const fields = { grant_type: 'refresh_token', refresh_token: held[index] ?? '', ...app.fields }
    const answer = await lane.ask(
      site,
      formText(site, paths.token, fields, app.headers),
      200,
      '"refresh_token"',
    )
    held[index] = tokensOf(answer).refresh_token
  }
  return { step, roots: server.roots, lanes: sessions }
}

/** Revocations of refresh tokens, each of a login of its own (RFC 7009). */
export async function revokeWork(server: OAuthServer, revoke: string, supply: number): Promise<Work> {
  const { site, app, paths } = server
  const requestOf = ({ refresh_token: token }: Tokens): string =>
    formText(site, revoke, { token, ...app.fields }, app.headers)
  // What revokes nothing is answered in the same way (RFC 7009 section 2.2).
  await prepare(1, 1, async (lane) => {
    const tokens = await logIn(server, lane, false)
    await lane.ask(site, requestOf(tokens), 200)
    const fields = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, ...app.fields }
    await lane.ask(site, formText(site, paths.token, fields, app.headers), 400, '"invalid_grant"')
  })
  const requests = (await prepare(supply, LANES, (lane) => logIn(server, lane, false))).map(requestOf)
  const step = async (lane: Lane): Promise<void> => {
    await lane.ask(site, requests.pop() ?? '', 200)
  }
  return { step, roots: server.roots, lanes: LANES, supply: requests.length }
}

/** What its live access token opens (OpenID Connect Core 5.3). */
export async function userinfoWork(server: OAuthServer, userinfo: string): Promise<Work> {
  const requests = (await prepare(LANES, LANES, (lane) => logIn(server, lane, true))).map(
    ({ access_token }) => requestText(server.site, 'GET', userinfo, bearer(access_token)),
  )
  const step = async (lane: Lane, index: number): Promise<void> => {
    await lane.ask(server.site, requests[index] ?? '', 200, server.userinfoNeedle)
  }
  return { step, roots: server.roots, lanes: LANES }
}
