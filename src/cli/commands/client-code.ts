import type { JsonObject } from '../../util/json.ts'
import { safeJson } from '../plain.ts'
import { textOf } from './client-view.ts'

/** What the code of an application needs to know. Its texts are in quotes. */
interface Facts {
  readonly issuer: string
  /** Whether the issuer is reached by plain http, which libraries refuse unless it is meant. */
  readonly isPlain: boolean
  readonly id: string
  readonly redirect: string
  /** The origin of the redirect URI, without quotes. */
  readonly origin: string
  readonly scope: string
  readonly audience: string
}

/** A text without characters, in quotes. */
const NOTHING = "''"

/** A member of what is asked for, unless there is no audience. */
const audienceOf = (facts: Facts): string =>
  facts.audience === NOTHING ? '' : `, audience: ${facts.audience}`

const CODE: Readonly<Record<string, (facts: Facts) => readonly string[]>> = {
  web: (facts) => [
    "import * as client from 'openid-client' // npm install openid-client",
    '',
    `const config = await client.discovery(new URL(${facts.issuer}), ${facts.id}, {},`,
    `  client.ClientSecretBasic(process.env.CLIENT_SECRET)${
      facts.isPlain ? ', { execute: [client.allowInsecureRequests] }) // on this machine only' : ')'
    }`,
    '',
    "/** Returns where to send the browser. The session is your framework's, of this browser. */",
    'export async function login(session) {',
    '  session.verifier = client.randomPKCECodeVerifier()',
    '  session.state = client.randomState()',
    '  return client.buildAuthorizationUrl(config, {',
    `    redirect_uri: ${facts.redirect}, scope: ${facts.scope}${audienceOf(facts)}, state: session.state,`,
    '    code_challenge: await client.calculatePKCECodeChallenge(session.verifier),',
    "    code_challenge_method: 'S256',",
    '  })',
    '}',
    '',
    '/** The browser is back: url is the whole URL of its request. Returns the id of the user. */',
    'export async function callback(session, url) {',
    '  const checks = { pkceCodeVerifier: session.verifier, expectedState: session.state }',
    '  delete session.verifier',
    '  delete session.state',
    '  const tokens = await client.authorizationCodeGrant(config, url, checks)',
    '  return tokens.claims().sub // begin a new session, with another id, and keep it there',
    '}',
  ],
  spa: (facts) => [
    "import { UserManager } from 'oidc-client-ts' // npm install oidc-client-ts",
    `// Its page calls the server, which needs SERVE_PUBLIC_CORS_ENABLED=true and, unless any page may call,`,
    `// SERVE_PUBLIC_CORS_ALLOWED_ORIGINS=${facts.origin}`,
    'export const users = new UserManager({',
    `  authority: ${facts.issuer}, client_id: ${facts.id},`,
    `  redirect_uri: ${facts.redirect}, scope: ${facts.scope},`,
    ...(facts.audience === NOTHING ? [] : [`  extraQueryParams: { audience: ${facts.audience} },`]),
    '})',
    '// On the page of the redirect URI; the code goes out of its address.',
    "if (new URLSearchParams(location.search).has('state')) {",
    '  await users.signinCallback()',
    "  history.replaceState(null, '', location.pathname)",
    '}',
    'export const user = await users.getUser() // null: a button that calls users.signinRedirect()',
  ],
  native: ({ issuer, id, redirect, scope }) => [
    '// AppAuth for Android and iOS, or any library with PKCE:',
    `issuer       = ${issuer}`,
    `client_id    = ${id}`,
    `redirect_uri = ${redirect}`,
    `scope        = ${scope}`,
  ],
  machine: (facts) => [
    `const user = [${facts.id}, process.env.CLIENT_SECRET].map(encodeURIComponent).join(':')`,
    `const answer = await fetch(${facts.issuer} + '/oauth2/token', {`,
    "  method: 'POST',",
    "  headers: { authorization: 'Basic ' + btoa(user) },",
    '  body: new URLSearchParams({',
    `    grant_type: 'client_credentials', scope: ${facts.scope}${audienceOf(facts)},`,
    '  }),',
    '})',
    'if (!answer.ok) throw new Error(await answer.text())',
    'const { access_token } = await answer.json() // good for expires_in seconds: keep it',
  ],
  device: (facts) => [
    'const ask = async (path, form) => {',
    `  const answer = await fetch(${facts.issuer} + path, { method: 'POST', body: new URLSearchParams(form) })`,
    '  return answer.json()',
    '}',
    `const client_id = ${facts.id}`,
    `const device = await ask('/oauth2/device/auth', { client_id, scope: ${facts.scope}${audienceOf(facts)} })`,
    "console.log('Go to', device.verification_uri, 'and enter', device.user_code)",
    'let answer',
    'do {',
    '  await new Promise((resolve) => setTimeout(resolve, device.interval * 1000))',
    "  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'",
    "  answer = await ask('/oauth2/token', { grant_type, device_code: device.device_code, client_id })",
    "  if (answer.error === 'slow_down') device.interval += 5",
    "} while (['authorization_pending', 'slow_down'].includes(answer.error))",
    'if (answer.error) throw new Error(answer.error)',
    'const { access_token } = answer',
  ],
  mcp: ({ id, redirect, scope }) => [
    '// With @modelcontextprotocol/sdk, which finds the issuer by the MCP server:',
    '// new StreamableHTTPClientTransport(new URL(SERVER), { authProvider })',
    'const kept = {} // keep it for the next start',
    'export const authProvider = {',
    `  redirectUrl: ${redirect},`,
    `  clientMetadata: { redirect_uris: [${redirect}], scope: ${scope} },`,
    `  clientInformation: () => ({ client_id: ${id} }),`,
    '  tokens: () => kept.tokens,',
    '  saveTokens: (tokens) => { kept.tokens = tokens },',
    '  codeVerifier: () => kept.verifier,',
    '  saveCodeVerifier: (verifier) => { kept.verifier = verifier },',
    "  redirectToAuthorization: (url) => console.log('Open', url.href),",
    '} // the user is back with a code: await transport.finishAuth(code)',
  ],
}

/** Returns code for an application of a kind, for the server at an address. It holds no secret. */
export function codeFor(kind: string, issuer: string, client: JsonObject): readonly string[] {
  const first = (value: unknown): string => (Array.isArray(value) ? textOf(value[0]) : '')
  const redirect = first(client['redirect_uris'])
  return (
    CODE[kind]?.({
      issuer: quoted(issuer),
      isPlain: issuer.startsWith('http:'),
      id: quoted(textOf(client['client_id'])),
      redirect: quoted(redirect),
      origin: URL.canParse(redirect) ? new URL(redirect).origin : '',
      scope: quoted(textOf(client['scope'])),
      audience: quoted(first(client['audience'])),
    }) ?? []
  )
}

/** JSON's texts are JavaScript's; single quotes are this house's where there is nothing to escape. */
const quoted = (value: string): string =>
  /^[^'"\\\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]*$/u.test(value) ? `'${value}'` : safeJson(value)
