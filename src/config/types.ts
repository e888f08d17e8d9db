import type { Seconds } from '../util/clock.ts'
/** Part of the admin API an API key opens; `all` opens everything. */
export type AdminScope = 'introspect' | 'flows' | 'clients' | 'keys' | 'all'

export interface AdminKey {
  readonly scope: AdminScope
  readonly key: string
}

export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA'

/** Lifetimes in seconds; null stands for "never". */
export interface Lifetimes {
  readonly loginConsentRequest: Seconds
  readonly authenticationSession: Seconds
  readonly accessToken: Seconds
  readonly refreshToken: Seconds | null
  readonly idToken: Seconds
  readonly authCode: Seconds
  readonly deviceUserCode: Seconds
  readonly vcNonce: Seconds
}

/** Absolute URLs, resolved against the public URL where the setting was relative. */
export interface Urls {
  /** `iss`, verbatim as configured. */
  readonly issuer: string
  /** Base of the public endpoints, without trailing slash. */
  readonly public: string
  readonly login: string
  readonly registration: string
  readonly consent: string
  readonly logout: string
  readonly error: string
  readonly postLogoutRedirect: string
  readonly deviceVerification: string
  readonly deviceSuccess: string
}

export interface CookieSettings {
  readonly sameSite: 'None' | 'Lax' | 'Strict'
  readonly secure: boolean
  readonly domain: string | null
  readonly sessionName: string
  readonly loginCsrfName: string
  readonly consentCsrfName: string
  readonly deviceCsrfName: string
  readonly sessionPath: string
}

/** Who may call the public endpoints out of a web page; an empty list of origins allows all (contract 3.14). */
export interface CorsSettings {
  readonly enabled: boolean
  readonly allowedOrigins: readonly string[]
  readonly allowedMethods: readonly string[]
  readonly allowedHeaders: readonly string[]
  readonly exposedHeaders: readonly string[]
  readonly allowCredentials: boolean
  /** How long a browser may keep the answer to a preflight, seconds; 0 leaves it to the browser. */
  readonly maxAge: number
}

/** Who is asked before tokens are issued, and with which API key; never logged. */
export interface TokenHook {
  readonly url: string
  readonly auth: {
    readonly in: 'header' | 'cookie'
    readonly name: string
    readonly value: string
  } | null
}

export interface OAuth2Settings {
  readonly pkceEnforced: boolean
  readonly pkceEnforcedForPublicClients: boolean
  /** Minimum length of `state`; null: 8, but only where neither code_challenge nor nonce protects the client. */
  readonly stateMinLength: number | null
  readonly defaultGrantAllowedScope: boolean
  readonly grace: { readonly seconds: Seconds; readonly uses: number }
  readonly excludeNotBeforeClaim: boolean
  readonly allowedTopLevelClaims: readonly string[]
  readonly mirrorTopLevelClaims: boolean
  readonly preserveExtClaims: boolean
  /** Whether standard claims are shown only where their scope, or the claims parameter, says so. */
  readonly claimsByScope: boolean
  /** Whether the end of a session revokes what was issued in it. */
  readonly revokeTokensOnLogout: boolean
  readonly tokenHook: TokenHook | null
  readonly refreshTokenHook: TokenHook | null
  /** Whether the token hook's claims join those of the consent when that is redeemed, or replace them. */
  readonly tokenHookClaims: 'merge' | 'replace'
  readonly device: {
    /** Least pause between two polls, seconds. */
    readonly pollingInterval: Seconds
    readonly userCode: UserCodeSettings
  }
  /** Rules for the assertions of the JWT bearer grant; `maxTtl` in seconds. */
  readonly jwtBearer: {
    readonly jtiOptional: boolean
    readonly iatOptional: boolean
    readonly maxTtl: number
    readonly omitAudience: boolean
  }
}

/** What user codes are made of. */
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

/** Everything that is configured, validated once per isolate (design section 6). */
export interface Config {
  readonly urls: Urls
  /** True when the issuer's host is loopback: plain http, development cookies, demo pages. */
  readonly loopback: boolean
  /** Host names (with port) this server answers for, beside the issuer's and the public URL's. */
  readonly hosts: readonly string[]
  readonly ttl: Lifetimes
  readonly strategies: Strategies
  readonly oauth2: OAuth2Settings
  readonly cookies: CookieSettings
  readonly publicCors: CorsSettings
  /** Kinds of subject identifiers that clients may register for, and the salt of pairwise ones. */
  readonly subjects: { readonly types: readonly string[]; readonly salt: string | null }
  /**
   * Dynamic client registration, where discovery says it is (null: here, if it is on), and the resources that clients may
   * ask for that registered themselves.
   */
  readonly registration: {
    readonly enabled: boolean
    readonly url: string | null
    readonly resources: readonly string[]
  }
  readonly credentialsUrl: string | null
  /** Addresses that discovery names in place of ours, behind a gateway say. */
  readonly endpoints: Readonly<
    Record<'authorization' | 'token' | 'device' | 'jwks' | 'userinfo', string | null>
  >
  readonly defaultClientScope: string
  readonly supportedClaims: readonly string[]
  readonly supportedScopes: readonly string[]
  readonly signingAlgorithm: SigningAlgorithm
  /** How long a signing key signs before the next one is made, seconds; null leaves that to the operator. */
  readonly signingKeyRotation: number | null
  /** Key sets whose public keys the JWKS shows beside the built-in ones. */
  readonly broadcastKeys: readonly string[]
  /** System secrets, newest first: the first seals, all open. */
  readonly systemSecrets: readonly string[]
  readonly admin: {
    readonly auth: 'keys' | 'open'
    readonly keys: readonly AdminKey[]
    /** Whether the `Admin` entrypoint answers over a service binding. */
    readonly entrypoint: boolean
  }
  readonly demoPages: boolean
  /** Whether pages can watch the session (OIDC Session Management 1.0): not where frames are sent no cookies. */
  readonly sessionManagement: boolean
  readonly grantsBook: boolean
  /** Whether this server may ask plain http, private and its own addresses; loopback issuers only. */
  readonly outboundPrivate: boolean
}
