import { isLoopbackHost } from '../../util/loopback.ts'
import { objectsIn, textOf } from '../commands/client-view.ts'
import { type Check, fault, isLocal, note, ofSettings, ofStatus, ok, textsIn, unknown } from './check.ts'

const adminClosed: Check = {
  name: 'admin API',
  judge(facts) {
    if (facts.withoutKey === 0) return unknown('It does not answer in time.')
    if (facts.withoutKey === 401 || facts.withoutKey === 403) return ok('It is closed without a key.')
    return isLocal(facts) && facts.withoutKey === 200
      ? note('It is open on this machine (ADMIN_AUTH=open).', 'Fine for development.')
      : fault(`Without a key it answered ${facts.withoutKey}.`, 'Set ADMIN_API_KEYS, and unset ADMIN_AUTH.')
  },
}

const adminKey: Check = {
  name: 'your key',
  judge({ hasKey, clientsStatus }) {
    if (!hasKey) return unknown('LADON_ADMIN_KEY is not set.')
    if (clientsStatus === 200) return ok('It opens the clients.')
    return clientsStatus === 403
      ? note('It has a scope without clients.', 'A key of scope "all" lets the doctor look at everything.')
      : fault(
          `With it the clients answer ${clientsStatus}.`,
          'Set LADON_ADMIN_KEY to a key of ADMIN_API_KEYS.',
        )
  },
}

const registration: Check = ofSettings('registration', (settings, facts) => {
  if (settings['registration'] !== true) return ok('Nobody registers a client but you.')
  if (settings['registration_needs_token'] === true) return ok('It takes an initial access token.')
  if (settings['registration_hourly_limit'] === 0 && !isLocal(facts))
    return fault(
      'Anybody may register any number of clients.',
      'Set OIDC_DYNAMIC_CLIENT_REGISTRATION_HOURLY_LIMIT, or ask for a token: ..._REQUIRE_TOKEN=true.',
    )
  return note(
    'Anybody may register a client.',
    'Meant for MCP servers; else OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED=false.',
  )
})

const demo: Check = ofSettings('demo pages', (settings, facts) =>
  settings['demo_pages'] === true && !isLocal(facts)
    ? fault(
        'Everybody can log in as the demo user.',
        'Unset DEMO_PAGES, and set URLS_LOGIN and URLS_CONSENT to your pages.',
      )
    : ok('They are off, or on this machine.'),
)

const cookies: Check = ofSettings('cookies', (settings, facts) =>
  settings['cookies_secure'] === true || isLocal(facts)
    ? ok('They are for https alone, or it is on this machine.')
    : fault('They are sent over plain http too.', 'Set URLS_SELF_ISSUER to an https address.'),
)

const misspelt: Check = ofSettings('settings', (settings) => {
  const [first, ...more] = textsIn(settings['misspelt'])
  if (first === undefined) return ok('No name is nearly that of a setting.')
  return fault([first, ...more].join(' '), 'Rename them: what is misspelt has no effect.')
})

const limits: Check = ofSettings('limits', (settings) => {
  const unbound = textsIn(settings['limits_unbound'])
  const off = textsIn(settings['limits_off'])
  if (unbound.length > 0)
    return fault(
      `${unbound.join(', ')} is not bound: nothing counts those requests.`,
      'Deploy with [[ratelimits]] as in wrangler.toml.',
    )
  return off.length === 0
    ? ok('All are bound.')
    : note(`${off.join(', ')} is off.`, 'Fine if something before the server counts; else unset LIMITS_OFF.')
})

const proxy: Check = ofSettings('proxy', (settings, facts) =>
  settings['tls'] === 'proxy' && !isLocal(facts)
    ? note(
        'A proxy says which requests came by https.',
        'Let only the proxy reach the server; else unset SERVE_TLS_TERMINATION.',
      )
    : ok('None has a say in what came by https.'),
)

const release: Check = ofStatus('release', (status, { cliVersion }) =>
  textOf(status['version']) === cliVersion
    ? ok(`Server and command are ${cliVersion}.`)
    : note(`The server is ${textOf(status['version'])}, the command ${cliVersion}.`, 'Update the older one.'),
)

const cors: Check = {
  name: 'CORS',
  judge({ origins, clients }) {
    if (clients === undefined) return unknown('It takes a key that may read clients.')
    const closed = [...origins].flatMap(([origin, open]) => (open ? [] : [origin]))
    return closed.length === 0
      ? ok('Pages of single-page applications may call the server.')
      : fault(
          `Pages at ${closed.join(', ')} may not call the server.`,
          'ladon client update ID --allowed-cors-origin ORIGIN. An application that only opens on a phone needs none.',
        )
  },
}

const redirects: Check = {
  name: 'redirect URIs',
  judge({ clients }) {
    if (clients === undefined) return unknown('It takes a key that may read clients.')
    const plain = clients.flatMap((client) =>
      textsIn(client['redirect_uris'])
        .filter(
          (uri) => uri.startsWith('http:') && URL.canParse(uri) && !isLoopbackHost(new URL(uri).hostname),
        )
        .map((uri) => `${textOf(client['client_id'])}: ${uri}`),
    )
    return plain.length === 0
      ? ok('None shows codes to the network.')
      : fault(
          `${plain.slice(0, 3).join(', ')} is plain http.`,
          'Give the application an https address: anybody on its way reads codes.',
        )
  },
}

const implicit: Check = {
  name: 'grants',
  judge({ clients }) {
    if (clients === undefined) return unknown('It takes a key that may read clients.')
    const old = objectsIn(clients).filter((client) => textsIn(client['grant_types']).includes('implicit'))
    return old.length === 0
      ? ok('No client uses the implicit grant.')
      : note(
          `${old
            .slice(0, 3)
            .map((client) => textOf(client['client_id']))
            .join(', ')} may get tokens in addresses.`,
          'Move it to authorization_code with PKCE (RFC 9700 section 2.1.2).',
        )
  },
}

/** Checks of who may do what. */
export const opennessChecks: readonly Check[] = [
  adminClosed,
  adminKey,
  registration,
  demo,
  cookies,
  proxy,
  misspelt,
  limits,
  cors,
  redirects,
  implicit,
  release,
]
