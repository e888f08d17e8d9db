import { ADMIN_KEY, SYSTEM_SECRET } from '../harness/start.ts'
import { CANARY, INJECTED } from './odd.ts'
import { hasRightKey, type Spoilt } from './spoil.ts'
import { type Answer, headerOf } from './wire.ts'
import type { Party } from './world.ts'

/** Things of a stack trace or of an exception that nobody caught. */
const INSIDES = /\.js:\d+:\d+|\bat async |TypeError|RangeError|SyntaxError|is not a function|internal error;/

/** What is wrong with an answer; undefined if nothing is. */
export function faultOf(request: Spoilt, answer: Answer, bystander: Party): string | undefined {
  const { status, headers, body } = answer
  if (status >= 500 && !isDocumented(request, answer)) return `status ${status}`
  if (Number.isNaN(status)) return 'no status'
  if (headers.some(([name]) => name === INJECTED)) return 'header injection'
  if (headers.some(([name]) => !/^[a-z0-9-]+$/.test(name))) return 'a header that is none'
  if (INSIDES.test(body)) return 'insides shown'
  const all = `${headers.map(([, value]) => value).join('\n')}\n${body}`
  if (all.includes(ADMIN_KEY) && !wasSent(request, ADMIN_KEY)) return 'the admin key is shown'
  if (all.includes(SYSTEM_SECRET)) return 'the system secret is shown'
  if (!request.foreign && !hasRightKey(request) && all.includes(bystander.subject))
    return 'a stranger learns who the bystander is'
  const type = headerOf(answer, 'content-type')[0] ?? ''
  if (type.includes('html') && /<(script>alert|img src=x)/.test(body)) return 'markup of a stranger'
  return undefined
}

/** Pages that have such a status of their own, and what workerd itself says of methods that it does not know. */
function isDocumented({ target }: Spoilt, { status, body }: Answer): boolean {
  if (status === 501) return body.includes('method')
  return /\/oauth2\/+fallbacks/.test(target)
}

const wasSent = (request: Spoilt, text: string): boolean =>
  request.headers.some(([, value]) => value.includes(text)) || (request.body?.includes(text) ?? false)

/** Of what a party holds, that which no log line may show. */
const SECRETS = [
  'access_token',
  'refresh_token',
  'id_token',
  'code',
  'client_secret',
  'registration_token',
  'device_code',
  'user_code',
  'code_verifier',
  'assertion',
  'login_challenge',
  'consent_challenge',
  'logout_challenge',
  'login_verifier',
  'consent_verifier',
  'session_cookie',
] as const

/** Reads the server's log and keeps what should not be in it. */
export class LogWatch {
  readonly faults: string[] = []
  lines = 0
  #secrets: readonly string[] = [ADMIN_KEY, SYSTEM_SECRET, CANARY]

  /** From now on looks for the secrets of these parties. */
  watch(parties: readonly Party[]): void {
    const held = parties.flatMap((party) => SECRETS.map((name) => party.held[name] ?? ''))
    this.#secrets = [ADMIN_KEY, SYSTEM_SECRET, CANARY, ...held.filter((text) => text.length > 7)]
  }

  readonly line = (line: string): void => {
    this.lines += 1
    const secret = this.#secrets.find((text) => line.includes(text))
    if (secret !== undefined)
      this.faults.push(`a secret in the log: ${secret.slice(0, 12)} in ${line.slice(0, 600)}`)
    const isOwn = line.startsWith('LOG log {') || line === 'READY'
    if (!isOwn && /exception|hung|Uncaught|error/i.test(line))
      this.faults.push(`logged: ${line.slice(0, 600)}`)
  }
}
