import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isJsonObject, type JsonObject } from '../../util/json.ts'
import { isLoopbackHost } from '../../util/loopback.ts'
import type { Answer } from '../answer.ts'
import { checkoutOf, LAST_BACKUP } from '../checkout.ts'
import { objectsIn } from '../commands/client-view.ts'
import { CliFailure } from '../failure.ts'
import type { Server, ServerCall } from '../server.ts'
import type { Facts } from './check.ts'
import { textsIn } from './check.ts'

/** How many origins are tried at most, and how many clients are read. */
const MOST_ORIGINS = 10
const CLIENTS = '250'

/**
 * Asks the server, its surroundings and the checkout for everything that checks look at. Changes nothing. Throws
 * CliFailure with code 3 if the server does not answer at all.
 */
export async function gather(
  server: Server,
  options: { readonly folder: string; readonly workersDev: string | undefined; readonly cliVersion: string },
): Promise<Facts> {
  const discovery = await server.send('/.well-known/openid-configuration')
  const now = Date.now()
  const discovered = objectOf(discovery)
  const [ready, keySet, status, clients, withoutKey, token, plainHttp, workersDev, backedUpAt] =
    await Promise.all([
      server.send('/health/ready'),
      server.send('/.well-known/jwks.json'),
      server.admin('/status'),
      server.admin('/clients', { query: { page_size: CLIENTS } }),
      server.send('/admin/clients', { query: { page_size: '1' }, bare: true }),
      server.send('/oauth2/token', { form: { grant_type: 'none' } }),
      plainHttpOf(server),
      options.workersDev === undefined
        ? null
        : perhaps(server, `${options.workersDev.replace(/\/+$/, '')}/health/alive`),
      lastBackup(options.folder),
    ])
  const told = objectOf(status)
  const listed = clients.status === 200 ? objectsIn(jsonOf(clients.text)) : undefined
  return {
    base: server.base,
    ready,
    discovery,
    discovered,
    keySet: objectOf(keySet),
    status: status.status === 200 ? told : undefined,
    settings: status.status === 200 && isJsonObject(told?.['settings']) ? told['settings'] : undefined,
    clients: listed,
    clientsStatus: clients.status,
    withoutKey: withoutKey.status,
    hasKey: server.hasKey,
    token,
    plainHttp,
    origins: await openOrigins(server, listed ?? []),
    workersDev,
    backedUpAt,
    now,
    cliVersion: options.cliVersion,
  }
}

/** An answer, or undefined if there is none. */
const perhaps = (server: Server, path: string, call: ServerCall = {}): Promise<Answer | undefined> =>
  server.send(path, call).catch((thrown: unknown) => {
    if (thrown instanceof CliFailure) return undefined
    throw thrown
  })

async function plainHttpOf(server: Server): Promise<Answer | undefined | null> {
  const { protocol, hostname } = new URL(server.base)
  if (protocol !== 'https:' || isLoopbackHost(hostname)) return null
  return perhaps(server, `http://${hostname}/.well-known/openid-configuration`)
}

/** Public clients with a page as redirect URI are single-page applications: asks whether their pages may call. */
async function openOrigins(
  server: Server,
  clients: readonly JsonObject[],
): Promise<ReadonlyMap<string, boolean>> {
  const pages = clients
    .filter((client) => client['token_endpoint_auth_method'] === 'none')
    .flatMap((client) => textsIn(client['redirect_uris']))
    .filter((uri) => uri.startsWith('https:') && URL.canParse(uri))
    .map((uri) => new URL(uri).origin)
  const own = new URL(server.base).origin
  const origins = [...new Set(pages)].filter((origin) => origin !== own).slice(0, MOST_ORIGINS)
  const tried = origins.map(async (origin) => {
    const headers = { origin, 'access-control-request-method': 'POST' }
    const answer = await perhaps(server, '/oauth2/token', { method: 'OPTIONS', headers })
    const allowed = answer?.headers.get('access-control-allow-origin')
    return [origin, allowed === origin || allowed === '*'] as const
  })
  return new Map(await Promise.all(tried))
}

async function lastBackup(folder: string): Promise<number | null | undefined> {
  const checkout = await checkoutOf(folder)
  if (checkout === undefined) return undefined
  const content = await readFile(join(checkout, LAST_BACKUP), 'utf8').catch(() => '')
  const noted = jsonOf(content)
  const madeAt = isJsonObject(noted) ? Date.parse(String(noted['made_at'])) : Number.NaN
  return Number.isNaN(madeAt) ? null : madeAt
}

function objectOf({ text }: Answer): JsonObject | undefined {
  const value = jsonOf(text)
  return isJsonObject(value) ? value : undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
