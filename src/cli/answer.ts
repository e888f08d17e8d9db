import { isJsonObject } from '../util/json.ts'
import { CliFailure } from './failure.ts'
import { plain } from './plain.ts'

/** An answer of the server. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Returns the failure that an answer tells of; `undefined` if it tells of none. */
export function refusalOf({ status, headers, text }: Answer, hasKey: boolean): CliFailure | undefined {
  const body = jsonOf(text)
  if (status < 300 && (text === '' || body !== undefined)) return undefined
  const requestId = headers.get('x-request-id') ?? undefined
  const explanation = { fix: fixOf(status, headers, hasKey), requestId, help: helpOf(headers) }
  const said = describe(body)
  const message =
    said === ''
      ? `The server answered ${status} and not what Ladon says.`
      : `The server refused (${status}): ${said}`
  return new CliFailure(1, message, explanation)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns what the members of an error say. What is not found is `{"error":{"message","reason"}}` (contract 0.2). */
function describe(body: unknown): string {
  if (!isJsonObject(body)) return ''
  const { error } = body
  const parts = isJsonObject(error)
    ? [error['message'], error['reason']]
    : [error, body['error_description'], body['error_hint']]
  return parts
    .filter((part) => typeof part === 'string' && part !== '')
    .map((part) => plain(String(part)))
    .join(': ')
}

function fixOf(status: number, headers: Headers, hasKey: boolean): string | undefined {
  if (headers.get('cf-mitigated') === 'challenge')
    return 'A bot challenge stands before the server: leave the paths of the API out of it.'
  if (status === 401 && !hasKey) return 'Set LADON_ADMIN_KEY to an API key of the server.'
  if (status === 429) return `Wait ${plain(headers.get('retry-after') ?? 'some')} seconds.`
  if (status >= 300 && status < 400)
    return `It leads to ${plain(headers.get('location') ?? 'nowhere')}: is the address (-e) the issuer?`
  return undefined
}

/** Returns the page that the answer links to as help (RFC 8288). */
const helpOf = (headers: Headers): string | undefined =>
  /<([^<>]+)>\s*;\s*rel="?help"?/.exec(headers.get('link') ?? '')?.[1]
