import { isJsonObject, type JsonObject } from '../util/json.ts'
import { refusalOf } from './answer.ts'
import type { Call } from './command.ts'
import { requirePrivate } from './confidential.ts'
import { refused, usage } from './failure.ts'
import { text } from './flags.ts'
import { plain } from './plain.ts'
import type { Server } from './server.ts'

/** Flags for the credentials of a client. */
export const credentialFlags = {
  'client-id': text('The client; else OAUTH2_CLIENT_ID says it.', 'ID'),
  'client-secret': text(
    'Its secret; "-" reads it from the standard input. Better in OAUTH2_CLIENT_SECRET.',
    'SECRET',
  ),
} as const

/** Who asks: a client with its secret, or a public one without. */
export interface Credentials {
  readonly id: string
  readonly secret: string | undefined
}

/** Returns the client that flags or environment name. Throws CliFailure if they name none. */
export async function credentialsOf({
  flags,
  terminal,
}: Pick<Call, 'flags' | 'terminal'>): Promise<Credentials> {
  const given = (name: keyof typeof credentialFlags, variable: string): string | undefined => {
    const value = flags[name] ?? terminal.env[variable]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const id = given('client-id', 'OAUTH2_CLIENT_ID')
  if (id === undefined) throw usage('No client is named.', 'Give --client-id, or set OAUTH2_CLIENT_ID.')
  const secret = given('client-secret', 'OAUTH2_CLIENT_SECRET')
  return { id, secret: secret === '-' ? (await terminal.input()).trim() : secret }
}

/** A form that a client sends with its credentials, and where to. */
export interface ClientForm {
  /** A path of the server, or an address of its own. */
  readonly path: string
  readonly form: Readonly<Record<string, string>>
}

/**
 * Sends a form as a client: with Basic authentication (RFC 6749 section 2.3.1), and if that is refused with the secret in
 * the form. Throws CliFailure for another refusal than those of `expected`.
 */
export async function sendAs(
  server: Server,
  { id, secret }: Credentials,
  { path, form }: ClientForm,
  expected: readonly string[] = [],
): Promise<JsonObject> {
  const address = addressOf(path.startsWith('/') ? server.base + path : path)
  requirePrivate(address, secret === undefined ? 'Codes and tokens are' : 'The secret is')
  const plainForm = { ...form, client_id: id }
  if (secret === undefined) return read(await server.send(path, { form: plainForm }), expected)
  const user = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`
  const headers = { authorization: `Basic ${Buffer.from(user).toString('base64')}` }
  const answer = await server.send(path, { form, headers })
  if (answer.status !== 401) return read(answer, expected)
  const second = await server.send(path, { form: { ...plainForm, client_secret: secret } })
  return read(second.status === 401 ? answer : second, expected)
}

/** Returns an address of http or https. Throws CliFailure for another text. */
export function addressOf(given: string): URL {
  if (/^https?:\/\//i.test(given) && URL.canParse(given)) return new URL(given)
  throw usage(`${plain(given)} is no URL that begins with http:// or https://.`)
}

function read(answer: Parameters<typeof refusalOf>[0], expected: readonly string[]): JsonObject {
  if (answer.text === '' && answer.status < 300) return {}
  const body = bodyOf(answer.text)
  if (isJsonObject(body) && expected.includes(String(body['error']))) return body
  const refusal = refusalOf(answer, true)
  if (refusal !== undefined) throw refusal
  if (!isJsonObject(body)) throw refused('The answer is no JSON object.')
  return body
}

function bodyOf(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
