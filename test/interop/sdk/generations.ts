import { createRequire, registerHooks } from 'node:module'
import { member } from './dynamic.ts'
import { type Answer, axios, type Call, fetching, requesting, type Style, superagent } from './styles.ts'

const require = createRequire(import.meta.url)

/** Arguments of an operation, by the names of v2; null when it takes none. */
export type Arguments = Readonly<Record<string, unknown>> | null

/** One generation of Ory's SDKs. */
export interface Generation {
  readonly label: string
  readonly packageName: string
  readonly classes: readonly string[]
  readonly style: Style
  /**
   * The operations by their name in v2, with the method of this generation: `method(argument, …)` takes them one by
   * one, `option:argument` in a closing object. Undefined where arguments come in one object and names are v2's own.
   */
  readonly signatures?: Readonly<Record<string, string>>
}

/** Methods of an SDK's classes that call no endpoint. */
const HELPERS = /^(?:constructor|with\w*Middleware|set\w+|addInterceptor|\w+Raw|\w+RequestOpts)$/
const NOT_HELPERS = /^set(?:OAuth2|Oidc|JsonWeb)\w*(?<!Raw|RequestOpts)$/

const V1_2 = {
  acceptOAuth2ConsentRequest: 'acceptConsentRequest(consentChallenge, acceptOAuth2ConsentRequest)',
  acceptOAuth2LoginRequest: 'acceptLoginRequest(loginChallenge, acceptOAuth2LoginRequest)',
  acceptOAuth2LogoutRequest: 'acceptLogoutRequest(logoutChallenge)',
  createJsonWebKeySet: 'createJsonWebKeySet(set, createJsonWebKeySet)',
  createOAuth2Client: 'createOAuth2Client(oAuth2Client)',
  deleteJsonWebKey: 'deleteJsonWebKey(kid, set)',
  deleteJsonWebKeySet: 'deleteJsonWebKeySet(set)',
  deleteOAuth2Client: 'deleteOAuth2Client(id)',
  discoverJsonWebKeys: 'wellKnown()',
  discoverOidcConfiguration: 'discoverOpenIDConfiguration()',
  flushInactiveOAuth2Tokens: 'flushInactiveOAuth2Tokens(flushInactiveOAuth2TokensRequest)',
  getJsonWebKey: 'getJsonWebKey(kid, set)',
  getJsonWebKeySet: 'getJsonWebKeySet(set)',
  getOAuth2Client: 'getOAuth2Client(id)',
  getOAuth2ConsentRequest: 'getConsentRequest(consentChallenge)',
  getOAuth2LoginRequest: 'getLoginRequest(loginChallenge)',
  getOAuth2LogoutRequest: 'getLogoutRequest(logoutChallenge)',
  getOidcUserInfo: 'userinfo()',
  getVersion: 'getVersion()',
  introspectOAuth2Token: 'introspectOAuth2Token(token, scope)',
  isAlive: 'isInstanceAlive()',
  isReady: 'isInstanceReady()',
  listOAuth2Clients: 'listOAuth2Clients(limit, offset)',
  listOAuth2ConsentSessions: 'listSubjectConsentSessions(subject)',
  oAuth2Authorize: 'oauthAuth()',
  oauth2TokenExchange: 'oauth2Token(grantType, code, refreshToken, redirectUri, clientId)',
  prometheus: 'prometheus()',
  rejectOAuth2ConsentRequest: 'rejectConsentRequest(consentChallenge, rejectOAuth2Request)',
  rejectOAuth2LoginRequest: 'rejectLoginRequest(loginChallenge, rejectOAuth2Request)',
  rejectOAuth2LogoutRequest: 'rejectLogoutRequest(logoutChallenge, rejectOAuth2Request)',
  revokeOAuth2ConsentSessions: 'revokeConsentSessions(subject)',
  'revokeOAuth2ConsentSessions of a client': 'revokeConsentSessions(subject, client)',
  revokeOAuth2LoginSessions: 'revokeAuthenticationSession(subject)',
  revokeOAuth2Token: 'revokeOAuth2Token(token)',
  revokeOidcSession: 'disconnectUser()',
  setJsonWebKey: 'updateJsonWebKey(kid, set, jsonWebKey)',
  setJsonWebKeySet: 'updateJsonWebKeySet(set, jsonWebKeySet)',
  setOAuth2Client: 'updateOAuth2Client(id, oAuth2Client)',
}

const V1_8 = {
  ...V1_2,
  deleteOAuth2Token: 'deleteOAuth2Token(clientId)',
  revokeOAuth2ConsentSessions: 'revokeConsentSessions(subject, client, all)',
  'revokeOAuth2ConsentSessions of a client': 'revokeConsentSessions(subject, client, all)',
}

const { prometheus: _, ...V1_8_BUT_PROMETHEUS } = V1_8

const V1_11 = {
  ...V1_8_BUT_PROMETHEUS,
  createOidcDynamicClient: 'dynamicClientRegistrationCreateOAuth2Client(oAuth2Client)',
  deleteOidcDynamicClient: 'dynamicClientRegistrationDeleteOAuth2Client(id)',
  deleteTrustedOAuth2JwtGrantIssuer: 'deleteTrustedJwtGrantIssuer(id)',
  getOidcDynamicClient: 'dynamicClientRegistrationGetOAuth2Client(id)',
  getTrustedOAuth2JwtGrantIssuer: 'getTrustedJwtGrantIssuer(id)',
  isAlive: 'isAlive()',
  isReady: 'isReady()',
  listOAuth2Clients: 'listOAuth2Clients(limit, offset, clientName, owner)',
  listOAuth2ConsentSessions: 'listSubjectConsentSessions(subject, limit, offset)',
  listTrustedOAuth2JwtGrantIssuers: 'listTrustedJwtGrantIssuers(issuer, limit, offset)',
  oauth2TokenExchange: 'oauth2Token(grantType, clientId, code, redirectUri, refreshToken)',
  patchOAuth2Client: 'patchOAuth2Client(id, jsonPatch)',
  setOidcDynamicClient: 'dynamicClientRegistrationUpdateOAuth2Client(id, oAuth2Client)',
  trustOAuth2JwtGrantIssuer: 'trustJwtGrantIssuer(trustOAuth2JwtGrantIssuer)',
}

const BETA = {
  acceptOAuth2ConsentRequest: 'acceptConsentRequest(consentChallenge, body:acceptOAuth2ConsentRequest)',
  acceptOAuth2LoginRequest: 'acceptLoginRequest(loginChallenge, body:acceptOAuth2LoginRequest)',
  createJsonWebKeySet: 'createJsonWebKeySet(set, body:createJsonWebKeySet)',
  createOAuth2Client: 'createOAuth2Client(oAuth2Client)',
  deleteJsonWebKey: 'deleteJsonWebKey(kid, set)',
  deleteJsonWebKeySet: 'deleteJsonWebKeySet(set)',
  deleteOAuth2Client: 'deleteOAuth2Client(id)',
  discoverJsonWebKeys: 'wellKnown()',
  discoverOidcConfiguration: 'getWellKnown()',
  flushInactiveOAuth2Tokens: 'flushInactiveOAuth2Tokens(body:flushInactiveOAuth2TokensRequest)',
  getJsonWebKey: 'getJsonWebKey(kid, set)',
  getJsonWebKeySet: 'getJsonWebKeySet(set)',
  getOAuth2Client: 'getOAuth2Client(id)',
  getOAuth2ConsentRequest: 'getConsentRequest(consentChallenge)',
  getOAuth2LoginRequest: 'getLoginRequest(loginChallenge)',
  getOidcUserInfo: 'userinfo()',
  getVersion: 'getVersion()',
  introspectOAuth2Token: 'introspectOAuth2Token(token, scope:scope)',
  isAlive: 'isInstanceAlive()',
  isReady: 'isInstanceReady()',
  listOAuth2Clients: 'listOAuth2Clients(limit:limit, offset:offset)',
  listOAuth2ConsentSessions: 'listUserConsentSessions(subject)',
  oAuth2Authorize: 'oauthAuth()',
  oauth2TokenExchange: 'oauthToken()',
  prometheus: 'getPrometheusMetrics()',
  rejectOAuth2ConsentRequest: 'rejectConsentRequest(consentChallenge, body:rejectOAuth2Request)',
  rejectOAuth2LoginRequest: 'rejectLoginRequest(loginChallenge, body:rejectOAuth2Request)',
  revokeOAuth2ConsentSessions: 'revokeAllUserConsentSessions(subject)',
  'revokeOAuth2ConsentSessions of a client': 'revokeUserClientConsentSessions(subject, client)',
  revokeOAuth2LoginSessions: 'revokeAuthenticationSession(subject)',
  revokeOAuth2Token: 'revokeOAuth2Token(token)',
  revokeOidcSession: 'revokeUserLoginCookie()',
  setJsonWebKey: 'updateJsonWebKey(kid, set, body:jsonWebKey)',
  setJsonWebKeySet: 'updateJsonWebKeySet(set, body:jsonWebKeySet)',
  setOAuth2Client: 'updateOAuth2Client(id, oAuth2Client)',
}

const BETA_CLASSES = ['HealthApi', 'JsonWebKeyApi', 'MetricsApi', 'OAuth2Api', 'VersionApi']
const V1_CLASSES = ['AdminApi', 'PublicApi']
const V2_CLASSES = ['JwkApi', 'MetadataApi', 'OAuth2Api', 'OidcApi', 'WellknownApi']

const v2 = (label: string, packageName: string, style: Style): Generation => ({
  label,
  packageName,
  classes: V2_CLASSES,
  style,
})

/** Every generation there is on npm, oldest first. */
export const generations: readonly Generation[] = [
  {
    label: '1.0-beta',
    packageName: 'sdk-1-0-beta',
    classes: BETA_CLASSES,
    style: superagent,
    signatures: BETA,
  },
  { label: '1.2', packageName: 'sdk-1-2', classes: V1_CLASSES, style: requesting, signatures: V1_2 },
  { label: '1.8', packageName: 'sdk-1-8', classes: V1_CLASSES, style: axios, signatures: V1_8 },
  {
    label: '1.11',
    packageName: 'sdk-1-11',
    classes: [...V1_CLASSES, 'MetadataApi'],
    style: axios,
    signatures: V1_11,
  },
  v2('2.2', 'sdk-2-2', axios),
  v2('2.4 fetch', 'sdk-2-4-fetch', fetching),
  v2('25.4', 'sdk-25-4', axios),
  v2('26.2', '@ory/hydra-client', axios),
  v2('client 1.22', 'sdk-network', axios),
  v2('client-fetch 1.22', 'sdk-network-fetch', fetching),
]

/** Loads an SDK. The beta finds its own files only where file names ignore case, so it is told their spelling. */
export function load({ packageName, style }: Generation): unknown {
  if (style !== superagent) return require(packageName)
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier.replace(/\/JsonWebKey(Set)?$/, '/JSONWebKey$1'), context),
  })
  try {
    return require(packageName)
  } finally {
    hooks.deregister()
  }
}

/** The endpoint methods of a generation, as `Class.method`. */
export function methodsOf(generation: Generation, sdk: unknown): readonly string[] {
  return generation.classes.flatMap((className) => {
    const exported = member(sdk, className)
    if (typeof exported !== 'function') return []
    const own = generation.style === superagent ? Reflect.construct(exported, []) : exported.prototype
    return Object.getOwnPropertyNames(own)
      .filter((name) => typeof Object.getOwnPropertyDescriptor(own, name)?.value === 'function')
      .filter((name) => NOT_HELPERS.test(name) || !HELPERS.test(name))
      .map((name) => `${className}.${name}`)
  })
}

/** How a generation calls an operation, or undefined where it has no such method. */
export function methodFor(generation: Generation, sdk: unknown, operation: string): string | undefined {
  const signature = generation.signatures?.[operation]
  const name = generation.signatures === undefined ? operation.split(' ')[0] : signature?.split('(')[0]
  return methodsOf(generation, sdk).find((method) => name !== undefined && method.endsWith(`.${name}`))
}

/** Calls an operation as this generation does. */
export function call(
  generation: Generation,
  sdk: unknown,
  operation: string,
  given: { readonly args: Arguments } & Pick<Call, 'base' | 'identity' | 'form'>,
): Promise<Answer> {
  const [className = '', method = ''] = (methodFor(generation, sdk, operation) ?? '').split('.')
  const args = inOrder(generation.signatures?.[operation], given.args)
  return generation.style({ ...given, sdk, className, method, args })
}

/** Arguments as the method takes them: one object, or one by one with the options last. */
function inOrder(signature: string | undefined, args: Arguments): readonly unknown[] {
  if (signature === undefined) return args === null ? [] : [args]
  const names = (/\((.*)\)/.exec(signature)?.[1] ?? '').split(', ').filter((name) => name !== '')
  const plain = names.filter((name) => !name.includes(':')).map((name) => args?.[name])
  const options = names.filter((name) => name.includes(':')).map((name) => name.split(':'))
  if (options.length === 0) return plain
  return [...plain, Object.fromEntries(options.map(([name = '', argument = '']) => [name, args?.[argument]]))]
}
