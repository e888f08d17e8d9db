import { isJsonObject } from '../../util/json.ts'
import { refusalOf } from '../answer.ts'
import { textOf } from '../commands/client-view.ts'
import { type Check, type Facts, fault, isLocal, note, ok, unknown, type Verdict } from './check.ts'

/** How far the clocks may be apart, seconds: tokens are refused by others from a minute on. */
const CLOCK_SECONDS = 30

const withoutSlash = (address: string): string => address.replace(/\/+$/, '')

const ready: Check = {
  name: 'ready',
  judge({ ready: { status, text } }) {
    if (status === 200) return ok('D1, KV, a Durable Object and the keys answer.')
    if (status === 0)
      return fault('/health/ready does not answer in time.', 'Something it asks hangs: see its log line.')
    const said =
      refusalOf({ status, text, headers: new Headers() }, true)?.message ?? `It answered ${status}.`
    return fault(said, 'What it names is missing or down: see "Health" and docs/faults.md.')
  },
}

const challenge: Check = {
  name: 'no bot challenge',
  judge: ({ discovery, token }) =>
    [discovery, token].some(
      ({ headers, text, status }) => headers.has('cf-mitigated') || (status === 403 && /<html/i.test(text)),
    )
      ? fault(
          'Something in front of the server challenges programs, which cannot answer.',
          'Leave its host out of Bot Fight Mode, Under Attack Mode and challenges of the WAF.',
        )
      : ok('Programs get through.'),
}

const discovery: Check = {
  name: 'discovery',
  judge({ discovery: { status }, discovered }) {
    const missing = ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri'].filter(
      (name) => textOf(discovered?.[name]) === '',
    )
    if (discovered === undefined || missing.length > 0)
      return fault(
        `/.well-known/openid-configuration answered ${status} and lacks ${missing.join(', ')}.`,
        'Check the address: it is the issuer, with its path.',
      )
    return ok('It names all that applications look for.')
  },
}

const issuer: Check = {
  name: 'issuer',
  judge({ base, discovered }) {
    const named = textOf(discovered?.['issuer'])
    if (named === '') return unknown('There is no discovery document.')
    return withoutSlash(named) === base
      ? ok(`It is ${named}.`)
      : fault(
          `It says it is ${named}, and was asked at ${base}.`,
          'Set URLS_SELF_ISSUER to the address that users reach.',
        )
  },
}

const endpoints: Check = {
  name: 'endpoints',
  judge(facts) {
    const named = ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint']
      .map((name) => textOf(facts.discovered?.[name]))
      .filter((address) => URL.canParse(address))
    const plain = named.filter((address) => !address.startsWith('https:'))
    if (plain.length > 0 && !isLocal(facts))
      return fault(
        `${plain[0]} is not https.`,
        'Set URLS_SELF_ISSUER and URLS_SELF_PUBLIC to https addresses.',
      )
    const strange = named.filter((address) => new URL(address).origin !== new URL(facts.base).origin)
    return strange.length === 0
      ? ok('They are at the address of the issuer.')
      : note(
          `${strange[0]} is elsewhere.`,
          'Fine for a gateway; else unset WEBFINGER_OIDC_DISCOVERY_* and URLS_SELF_PUBLIC.',
        )
  },
}

const tls: Check = {
  name: 'TLS',
  judge: (facts) =>
    facts.base.startsWith('https:') || isLocal(facts)
      ? ok(isLocal(facts) ? 'It is on this machine.' : 'The certificate is good.')
      : fault('It is reached by plain http.', 'Use the https address, and set URLS_SELF_ISSUER to it.'),
}

const httpsOnly: Check = {
  name: 'HTTPS only',
  judge({ plainHttp }) {
    if (plainHttp === null) return ok('It is on this machine.')
    if (plainHttp === undefined) return ok('Nothing answers at http://.')
    const to = plainHttp.headers.get('location') ?? ''
    return plainHttp.status >= 400 || (plainHttp.status >= 300 && to.startsWith('https:'))
      ? ok(`http:// answers ${plainHttp.status}.`)
      : fault(
          `http:// is served (${plainHttp.status}).`,
          'Set SERVE_TLS_TERMINATION=platform, and "Always use HTTPS" of the zone.',
        )
  },
}

const hsts: Check = {
  name: 'HSTS',
  judge: (facts) =>
    isLocal(facts) || facts.discovery.headers.has('strict-transport-security')
      ? ok(isLocal(facts) ? 'It is on this machine.' : 'Browsers remember that it is https.')
      : note('Browsers are not told to keep to https.', 'Set SERVE_HSTS, or HSTS of the zone.'),
}

const clock: Check = {
  name: 'clock',
  judge({ discovery: { headers }, now }) {
    const theirs = Date.parse(headers.get('date') ?? '')
    if (Number.isNaN(theirs)) return unknown('The answer has no date.')
    const apart = Math.round(Math.abs(theirs - now) / 1000)
    return apart <= CLOCK_SECONDS
      ? ok(`It is at most ${CLOCK_SECONDS} s from that of this machine.`)
      : fault(
          `It is ${apart} s from that of this machine.`,
          'Set the clock of this machine by NTP: its applications refuse tokens.',
        )
  },
}

const requestIds: Check = {
  name: 'request ids',
  judge: ({ token: { headers } }) =>
    headers.has('x-request-id')
      ? ok('Answers name their line in the log.')
      : note(
          'Answers lack X-Request-Id.',
          'What stands before the server takes the header away: let it pass.',
        ),
}

const tokenEndpoint: Check = {
  name: 'token endpoint',
  judge: ({ token: { status, text } }) =>
    status >= 400 && status < 500 && isError(text)
      ? ok('It refuses what is no request, as JSON.')
      : fault(
          `It answered ${status} and no error of OAuth.`,
          'See its log line; what stands before the server may change answers.',
        ),
}

function isError(text: string): boolean {
  try {
    const body: unknown = JSON.parse(text)
    return isJsonObject(body) && typeof body['error'] === 'string'
  } catch {
    return false
  }
}

/** What to do where no address below workers.dev is known: the account alone tells its subdomain. */
const untried = ({ notes: { worker = 'WORKER' } }: Facts): Verdict =>
  unknown(
    `Nobody tried it: no deployment noted the address. Open https://${worker}.SUBDOMAIN.workers.dev/health/alive, with ` +
      'the subdomain that the dashboard shows at Workers & Pages: it should answer nothing. Or give it: --workers-dev URL.',
  )

const workersDev: Check = {
  name: 'workers.dev',
  judge(facts: Facts) {
    if (new URL(facts.base).hostname.endsWith('.workers.dev'))
      return note(
        'The issuer is at workers.dev.',
        'A domain of your own stays when the account changes: docs/guides/deploy.md.',
      )
    if (facts.workersDev === null) return isLocal(facts) ? ok('It is on this machine.') : untried(facts)
    const { address, answer } = facts.workersDev
    return answer === undefined || answer.status >= 400
      ? ok(`${address} serves nothing.`)
      : fault(
          `The server is served at ${address} too, past the rules of its zone.`,
          'Set workers_dev = false in wrangler.toml and deploy.',
        )
  },
}

/** Checks of how the server is reached. */
export const reachChecks: readonly Check[] = [
  ready,
  challenge,
  discovery,
  issuer,
  endpoints,
  tls,
  httpsOnly,
  hsts,
  clock,
  tokenEndpoint,
  requestIds,
  workersDev,
]
