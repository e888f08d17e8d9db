import { type Lane, prepare } from '../generator/lane.ts'
import type { Work } from '../generator/load.ts'
import { formText, jsonText, requestText } from '../generator/site.ts'
import type { Machine, OAuthServer } from '../systems/oauth-server.ts'
import { LANES, logIn, tokensOf } from './grants.ts'

type Introspection = NonNullable<OAuthServer['introspection']>
type Admin = NonNullable<OAuthServer['admin']>

/** The same request again and again. */
export const repeated = (
  { site, roots }: Pick<OAuthServer, 'site' | 'roots'>,
  request: string,
  needle: string,
): Work => ({
  step: async (lane) => {
    await lane.ask(site, request, 200, needle)
  },
  roots,
  lanes: LANES,
})

/** Tokens for the client itself. */
export function machineWork({ paths }: OAuthServer, { site, roots, headers, fields }: Machine): Work {
  const form = { grant_type: 'client_credentials', ...fields }
  return repeated({ site, roots }, formText(site, paths.token, form, headers), '"access_token"')
}

/** Introspection (RFC 7662) of a live token of a grant for each lane, of one client token, or of what nobody issued. */
export async function introspectionWork(
  server: OAuthServer,
  { site, path, headers }: Introspection,
  of: 'grant' | 'client' | 'nobody',
): Promise<Work> {
  const tokens = await prepare(LANES, LANES, (lane) => liveToken(server, lane, of))
  const requests = tokens.map((token) => formText(site, path, { token }, headers))
  const needle = of === 'nobody' ? '"active":false' : '"active":true'
  const step = async (lane: Lane, index: number): Promise<void> => {
    await lane.ask(site, requests[index] ?? '', 200, needle)
  }
  return { step, roots: server.roots, lanes: LANES }
}

async function liveToken(
  server: OAuthServer,
  lane: Lane,
  of: 'grant' | 'client' | 'nobody',
): Promise<string> {
  const { opaque } = server.machines
  if (of === 'grant' || opaque === undefined) return (await logIn(server, lane, true)).access_token
  const form = { grant_type: 'client_credentials', ...opaque.fields }
  const answer = await lane.ask(
    opaque.site,
    formText(opaque.site, server.paths.token, form, opaque.headers),
    200,
  )
  const { access_token: token } = tokensOf(answer)
  return of === 'client' ? token : forged(token)
}

/** The token with its middle turned round: right in length and prefix, and nobody's. */
function forged(token: string): string {
  const [from, to] = [Math.floor(token.length / 3), Math.floor((token.length * 2) / 3)]
  return token.slice(0, from) + [...token.slice(from, to)].toReversed().join('') + token.slice(to)
}

/** The administration of clients: reading one. */
export const clientGetWork = ({ roots }: OAuthServer, { site, headers }: Admin, id: string): Work =>
  repeated({ site, roots }, requestText(site, 'GET', `/admin/clients/${id}`, headers), '"client_id"')

/** The administration of clients: making new ones. */
export function clientCreateWork({ roots }: OAuthServer, { site, headers }: Admin): Work {
  const client = {
    client_name: 'Made by the benchmark',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: ['https://app.bench.example/callback'],
    scope: 'openid offline_access profile',
  }
  const request = jsonText(site, 'POST', '/admin/clients', client, headers)
  const step = async (lane: Lane): Promise<void> => {
    await lane.ask(site, request, 201, '"client_secret"')
  }
  return { step, roots, lanes: LANES }
}
