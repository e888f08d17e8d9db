import type { JsonObject } from '../../util/json.ts'
import { safeJson } from '../plain.ts'
import { textOf } from './client-view.ts'

/** What the code of an application needs to know. All of it is text that may stand in quotes. */
interface Facts {
  readonly issuer: string
  readonly id: string
  readonly redirect: string
  readonly scope: string
  readonly audience: string
}

/** A text without characters, in quotes. */
const NOTHING = "''"

const CODE: Readonly<Record<string, (facts: Facts) => readonly string[]>> = {
  web: ({ issuer, id, redirect, scope }) => [
    "import * as client from 'openid-client' // npm install openid-client",
    '',
    `const config = await client.discovery(new URL(${issuer}), ${id}, undefined,`,
    '  client.ClientSecretBasic(process.env.CLIENT_SECRET))',
    'const verifier = client.randomPKCECodeVerifier() // keep it in the session, and the state beside it',
    'const state = client.randomState()',
    'const login = client.buildAuthorizationUrl(config, {',
    `  redirect_uri: ${redirect}, scope: ${scope}, state,`,
    "  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',",
    '}) // send the browser there; when it is back:',
    'const tokens = await client.authorizationCodeGrant(config, callbackUrl,',
    '  { pkceCodeVerifier: verifier, expectedState: state })',
    'const user = tokens.claims().sub',
  ],
  spa: ({ issuer, id, redirect, scope }) => [
    "import { UserManager } from 'oidc-client-ts' // npm install oidc-client-ts",
    '',
    'const users = new UserManager({',
    `  authority: ${issuer}, client_id: ${id},`,
    `  redirect_uri: ${redirect}, scope: ${scope},`,
    '})',
    'await users.signinRedirect() // a button; on the page of the redirect URI:',
    'const user = await users.signinRedirectCallback()',
  ],
  native: ({ issuer, id, redirect, scope }) => [
    '// AppAuth for Android and iOS, or any library with PKCE:',
    `issuer       = ${issuer}`,
    `client_id    = ${id}`,
    `redirect_uri = ${redirect}`,
    `scope        = ${scope}`,
  ],
  machine: ({ issuer, id, scope, audience }) => [
    `const user = [${id}, process.env.CLIENT_SECRET].map(encodeURIComponent).join(':')`,
    `const answer = await fetch(${issuer} + '/oauth2/token', {`,
    "  method: 'POST',",
    "  headers: { authorization: 'Basic ' + btoa(user) },",
    '  body: new URLSearchParams({',
    "    grant_type: 'client_credentials',",
    `    scope: ${scope},`,
    ...(audience === NOTHING ? [] : [`    audience: ${audience},`]),
    '  }),',
    '})',
    'const { access_token } = await answer.json() // good for expires_in seconds: keep it',
  ],
  device: ({ issuer, id, scope }) => [
    `const ask = (path, form) => fetch(${issuer} + path, { method: 'POST', body: new URLSearchParams(form) })`,
    `const device = await (await ask('/oauth2/device/auth', { client_id: ${id}, scope: ${scope} })).json()`,
    "console.log('Go to', device.verification_uri, 'and enter', device.user_code)",
    '// every device.interval seconds, until the answer is neither authorization_pending nor slow_down:',
    "const answer = await ask('/oauth2/token', {",
    "  grant_type: 'urn:ietf:params:oauth:grant-type:device_code',",
    `  device_code: device.device_code, client_id: ${id},`,
    '})',
  ],
  mcp: ({ id, redirect, scope }) => [
    "// With @modelcontextprotocol/sdk, an OAuthClientProvider's members; it finds the issuer by the MCP server:",
    `redirectUrl: ${redirect},`,
    `clientMetadata: { redirect_uris: [${redirect}], scope: ${scope} },`,
    `clientInformation: () => ({ client_id: ${id} }),`,
  ],
}

/** Returns code for an application of a kind, for the server at an address. It holds no secret. */
export function codeFor(kind: string, issuer: string, client: JsonObject): readonly string[] {
  const first = (value: unknown): string => (Array.isArray(value) ? textOf(value[0]) : '')
  return (
    CODE[kind]?.({
      issuer: quoted(issuer),
      id: quoted(textOf(client['client_id'])),
      redirect: quoted(first(client['redirect_uris'])),
      scope: quoted(textOf(client['scope'])),
      audience: quoted(first(client['audience'])),
    }) ?? []
  )
}

/** JSON's texts are JavaScript's; single quotes are this house's where there is nothing to escape. */
const quoted = (value: string): string =>
  /^[^'"\\\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]*$/u.test(value) ? `'${value}'` : safeJson(value)
