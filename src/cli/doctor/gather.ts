import { isJsonObject, type JsonObject } from '../../util/json.ts'
import { isLoopbackHost } from '../../util/loopback.ts'
import type { Answer } from '../answer.ts'
import { objectsIn } from '../commands/client-view.ts'
import { addressOf } from '../credentials.ts'
import { CliFailure } from '../failure.ts'
import type { Server } from '../server.ts'
import { type Facts, textsIn } from './check.ts'
import { notesOf } from './notes.ts'

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
  const notes = await notesOf(options.folder, server.base)
  const [ready, keySet, status, clients, withoutKey, token, plainHttp, workersDev] = await Promise.all([
    orNone(server.send('/health/ready')),
    orNone(server.send('/.well-known/jwks.json')),
    orNone(server.admin('/status')),
    orNone(server.admin('/clients', { query: { page_size: CLIENTS } })),
    orNone(server.send('/admin/clients', { query: { page_size: '1' }, bare: true })),
    orNone(server.send('/oauth2/token', { form: { grant_type: 'none' }, isQuestion: true })),
    plainHttpOf(server),
    workersDevOf(server, options.workersDev ?? notes.workersDev),
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
    notes,
    now,
    cliVersion: options.cliVersion,
  }
}

/** An answer, or undefined if there is none. */
const perhaps = (answer: Promise<Answer>): Promise<Answer | undefined> =>
  answer.catch((thrown: unknown) => {
    if (thrown instanceof CliFailure && thrown.exitCode === 3) return undefined
    throw thrown
  })

/** What stands for an answer that did not come. */
const NO_ANSWER: Answer = { status: 0, headers: new Headers(), text: '' }

const orNone = async (answer: Promise<Answer>): Promise<Answer> => (await perhaps(answer)) ?? NO_ANSWER

async function plainHttpOf(server: Server): Promise<Answer | undefined | null> {
  const { protocol, hostname } = new URL(server.base)
  if (protocol !== 'https:' || isLoopbackHost(hostname)) return null
  return perhaps(server.send(`http://${hostname}/.well-known/openid-configuration`))
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
    const answer = await perhaps(
      server.send('/oauth2/token', { method: 'OPTIONS', headers, isQuestion: true }),
    )
    const allowed = answer?.headers.get('access-control-allow-origin')
    return [origin, allowed === origin || allowed === '*'] as const
  })
  return new Map(await Promise.all(tried))
}

async function workersDevOf(server: Server, given: string | undefined): Promise<Facts['workersDev']> {
  if (given === undefined) return null
  const { origin } = addressOf(given)
  return { address: origin, answer: await perhaps(server.send(`${origin}/health/alive`)) }
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
