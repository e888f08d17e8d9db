import type { Milliseconds, Seconds } from '../util/clock.ts'
import type { ScopeTexts } from '../util/scope-texts.ts'
import type { Brand } from './brand.ts'
import type { LIMITS } from './limits.ts'
import type { Residency } from './residency.ts'

/**
 * The part of the admin API that an API key allows; `all` allows every part. `keys` reads what signatures are believed,
 * `keys:write` changes that; `audit` reads what operators changed; `explain` reads what became of any token, code or request.
 */
export type AdminScope =
  | 'introspect'
  | 'flows'
  | 'clients'
  | 'keys'
  | 'keys:write'
  | 'audit'
  | 'explain'
  | 'all'

/** What an entrypoint for service bindings allows. */
export type Entrypoint = Extract<AdminScope, 'flows' | 'introspect' | 'all'>

export interface AdminKey {
  /** Who has the key, for audit lines: its name in the setting, or one that `nameKeys` made. */
  readonly name: string
  readonly scope: AdminScope
  readonly key: string
  /** The SHA-256 of the key: that of what requests present is compared with it. */
  readonly digest: Uint8Array
}

export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA'

/** Lifetimes; null is unlimited. */
export interface Lifetimes {
  readonly loginConsentRequest: Seconds
  readonly authenticationSession: Seconds
  /** How long a session lasts without a request that uses it; null for no limit. */
  readonly sessionIdle: Seconds | null
  /** How long a session lasts after the login, whatever the login app says; null for no limit. */
  readonly sessionAbsolute: Seconds | null
  readonly accessToken: Seconds
  readonly refreshToken: Seconds | null
  /** How long the tokens of a consent can be refreshed; null for no limit. */
  readonly refreshTokenFamily: Seconds | null
  readonly idToken: Seconds
  readonly authCode: Seconds
  readonly deviceUserCode: Seconds
  readonly vcNonce: Seconds
}

/** How long an answer is waited for. */
export interface Deadlines {
  /** Of D1 or KV, where a copy can take the answer's place. */
  readonly cached: Milliseconds
  /** Of D1, where none can. */
  readonly storage: Milliseconds
  /** Of a ledger, all tries together. */
  readonly ledger: Milliseconds
}

/** Absolute URLs. A path in a setting is resolved against the public URL. */
export interface Urls {
  /** The `iss` of tokens, exactly as configured. */
  readonly issuer: string
  /** The base of the public endpoints, without trailing slash. */
  readonly public: string
  /** The path of the public URL, which all links start with; empty for `/`. */
  readonly path: string
  /** The paths of public URL and issuer that requests may have before our own path, without those that are `/`. */
  readonly prefixes: readonly string[]
  readonly login: string
  readonly registration: string
  readonly consent: string
  readonly logout: string
  readonly error: string
  readonly postLogoutRedirect: string
  readonly deviceVerification: string
  readonly deviceSuccess: string
}

/** How requests and answers travel. */
export interface TransportSettings {
  /** Who tells that a request came over TLS: the platform, or a proxy in front; `none` if it need not. */
  readonly tls: 'platform' | 'proxy' | 'none'
  /** The value of `Strict-Transport-Security`; null for no such header. */
  readonly hsts: string | null
}

export interface CookieSettings {
  readonly sameSite: 'None' | 'Lax' | 'Strict'
  readonly secure: boolean
  readonly domain: string | null
  readonly sessionName: string
  /** The cookie that scripts of this server's origin read (OIDC Session Management 1.0 section 3.2). */
  readonly stateName: string
  readonly loginCsrfName: string
  readonly consentCsrfName: string
  readonly deviceCsrfName: string
  readonly sessionPath: string
}

/** Which web pages may call the public endpoints. An empty list of origins allows all (contract 3.14). */
export interface CorsSettings {
  readonly enabled: boolean
  readonly allowedOrigins: readonly string[]
  readonly allowedMethods: readonly string[]
  readonly allowedHeaders: readonly string[]
  readonly exposedHeaders: readonly string[]
  readonly allowCredentials: boolean
  /** How long a browser may cache the answer to a preflight, seconds; 0 leaves it to the browser. */
  readonly maxAge: number
}

/** A hook that is called before tokens are issued. It is never logged. */
export interface TokenHook {
  readonly url: string
  /** The header or cookie that holds the API key; null for none. */
  readonly auth: {
    readonly in: 'header' | 'cookie'
    readonly name: string
    readonly value: string
  } | null
}

/** The admin API of the server that logs users in, such as Ory Kratos. Its headers are never logged. */
export interface IdentityProvider {
  /** The base URL, without trailing slash. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Whether requests go over the binding `IDENTITY_PROVIDER` in place of the public network. */
  readonly bound: boolean
}

export interface OAuth2Settings {
  readonly pkceEnforced: boolean
  readonly pkceEnforcedForPublicClients: boolean
  /** The minimum length of `state`. Null is 8, and 0 if a code_challenge or nonce protects the client. */
  readonly stateMinLength: number | null
  /** Whether a client-credentials request without `scope` gets every scope of its client. */
  readonly defaultGrantAllowedScope: boolean
  /** How long, and how often, a used refresh token keeps working; 0 uses is unlimited. */
  readonly grace: { readonly seconds: Seconds; readonly uses: number }
  readonly excludeNotBeforeClaim: boolean
  readonly allowedTopLevelClaims: readonly string[]
  readonly mirrorTopLevelClaims: boolean
  readonly preserveExtClaims: boolean
  /** Whether standard claims are returned only if their scope was granted or the claims parameter requests them. */
  readonly claimsByScope: boolean
  /** Whether the end of a session revokes the tokens that were issued in it. */
  readonly revokeTokensOnLogout: boolean
  readonly tokenHook: TokenHook | null
  readonly refreshTokenHook: TokenHook | null
  /** Whether the token hook's claims are merged into those of the consent when a code is redeemed, or replace them. */
  readonly tokenHookClaims: 'merge' | 'replace'
  readonly device: {
    /** The shortest pause between two polls. */
    readonly pollingInterval: Seconds
    readonly userCode: UserCodeSettings
  }
  /** The rules for assertions of the JWT bearer grant. */
  readonly jwtBearer: {
    readonly jtiOptional: boolean
    readonly iatOptional: boolean
    /** The longest lifetime of an assertion, seconds. */
    readonly maxTtl: number
    /** Whether the assertion's audience is left out of the access token. */
    readonly omitAudience: boolean
  }
}

/** The form of user codes. */
export interface UserCodeSettings {
  readonly length: number
  readonly characterSet: string
}

export interface Strategies {
  readonly accessToken: 'opaque' | 'jwt'
  readonly scope: 'wildcard' | 'exact'
  readonly jwtScopeClaim: 'list' | 'string' | 'both'
  readonly jwtTyp: 'JWT' | 'at+jwt'
}

/** What clients may register of themselves; null is everything. `src/clients/metadata/policy.ts` has the rules. */
export interface RegistrationPolicy {
  readonly scope: readonly string[] | null
  readonly audience: readonly string[] | null
  readonly grantTypes: readonly string[] | null
  /** Hosts without port, or `*.` and a host for all below it. */
  readonly redirectHosts: readonly string[] | null
  readonly redirectSchemes: readonly string[] | null
}

/** What the operator may switch off. */
export type LimitName = (typeof LIMITS)[number]

/** A class of requests of which there may be too many. */
export type FloodClass = Exclude<LimitName, 'secret'>

/** All settings, validated once per isolate (design section 6). */
export interface Config {
  readonly urls: Urls
  /** Whether the issuer's host is loopback, which allows plain http, development cookies and demo pages. */
  readonly loopback: boolean
  /** The hosts, with port, that this server answers for: of the issuer, of the public URL, and `PUBLIC_HOSTS`. */
  readonly hosts: ReadonlySet<string>
  readonly ttl: Lifetimes
  readonly deadlines: Deadlines
  readonly residency: Residency
  readonly strategies: Strategies
  readonly oauth2: OAuth2Settings
  readonly transport: TransportSettings
  readonly cookies: CookieSettings
  readonly publicCors: CorsSettings
  /** Whose sessions end with ours; null if nobody's do. */
  readonly identityProvider: IdentityProvider | null
  /** The subject types that clients may register for, and the salt of pairwise identifiers. */
  readonly subjects: { readonly types: readonly string[]; readonly salt: string | null }
  /** Dynamic client registration. */
  readonly registration: {
    readonly enabled: boolean
    /** Whether a client needs an initial access token to register. */
    readonly requireToken: boolean
    /** The registration endpoint that discovery names; null for this server's own, if enabled. */
    readonly url: string | null
    /** The resources that self-registered clients may request. */
    readonly resources: readonly string[]
    /** How many clients may register themselves from one network in an hour; 0 is any number. */
    readonly hourlyLimit: number
    /** How long a client that registered itself may be unused; null for ever. */
    readonly unusedTtl: Seconds | null
    /** How long a secret that a client registered itself with is valid; null for ever. */
    readonly secretTtl: Seconds | null
    /** What a client may register of itself. */
    readonly policy: RegistrationPolicy
    /** The longest lifetimes that it may give its tokens; null is unlimited. */
    readonly maxTtl: Pick<Lifetimes, 'accessToken' | 'idToken' | 'refreshToken'>
  }
  /** The credential endpoint that discovery names; null for this server's own. */
  readonly credentialsUrl: string | null
  /** The endpoints that discovery names in place of this server's own, for example those of a gateway. */
  readonly endpoints: Readonly<
    Record<'authorization' | 'token' | 'device' | 'jwks' | 'userinfo', string | null>
  >
  readonly defaultClientScope: string
  readonly supportedClaims: readonly string[]
  readonly supportedScopes: readonly string[]
  readonly signingAlgorithm: SigningAlgorithm
  /** How long a signing key signs before the next one is made, seconds; null if the operator rotates keys by hand. */
  readonly signingKeyRotation: number | null
  /** The key sets whose public keys the JWKS shows besides the built-in ones. */
  readonly broadcastKeys: readonly string[]
  /** The system secrets, newest first: the first seals, all of them open. */
  readonly systemSecrets: readonly string[]
  readonly admin: {
    readonly auth: 'keys' | 'open'
    readonly keys: readonly AdminKey[]
    /** Which entrypoints answer over a service binding. */
    readonly entrypoints: readonly Entrypoint[]
  }
  /** The limits that are switched off. */
  readonly limitsOff: readonly LimitName[]
  readonly demoPages: boolean
  /** How the built-in pages look, and whose they are. */
  readonly brand: Brand
  /** Words for scopes on the consent page. */
  readonly scopeTexts: ScopeTexts
  /**
   * Whether pages can watch the session (OIDC Session Management 1.0). That needs cookies that browsers send to frames.
   */
  readonly sessionManagement: boolean
  /** Whether the server's documents are served: its pages and the OpenAPI document. */
  readonly docs: boolean
  /** Whether grants are recorded in the grants book (store/grants-book.ts). */
  readonly grantsBook: boolean
  /** The share of the requests without a failure that have a log line, 0 to 1. */
  readonly logRequests: number
  /** Whether this server may send requests to http, private and its own addresses. Only with a loopback issuer. */
  readonly outboundPrivate: boolean
}
