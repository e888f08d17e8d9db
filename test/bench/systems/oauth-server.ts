import type { Lane } from '../generator/lane.ts'
import type { Fields, Site } from '../generator/site.ts'

/** A client that is itself the resource owner (RFC 6749 section 4.4). */
export interface Machine {
  readonly site: Site
  /** The processes that serve it. */
  readonly roots: readonly number[]
  readonly headers: Fields
  readonly fields: Fields
}

export type Strategy = 'opaque' | 'es256' | 'rs256'

/** An authorization server as the workloads know it; what it lacks is absent. */
export interface OAuthServer {
  readonly site: Site
  /** The processes whose CPU time counts. */
  readonly roots: readonly number[]
  readonly paths: {
    readonly token: string
    readonly discovery: string
    readonly jwks?: string
    readonly userinfo?: string
    readonly revoke?: string
  }
  readonly introspection?: { readonly site: Site; readonly path: string; readonly headers: Fields }
  readonly machines: Readonly<Partial<Record<Strategy, Machine>>>
  /** The authentication and fields of the client that logs users in. */
  readonly app: { readonly headers: Fields; readonly fields: Fields }
  /** Client administration. */
  readonly admin?: { readonly site: Site; readonly headers: Fields }
  /** A scope that gives a refresh token; with an ID token if `identified`. */
  scope(identified: boolean): string
  /** The users that log in again and again; some of the bench's if absent. */
  readonly users?: readonly string[]
  /** Whether a login gives an ID token. */
  readonly identifies: boolean
  /** Text that every answer of userinfo holds. */
  readonly userinfoNeedle: string
  /** Logs a user in with a new browser, as far as the code. */
  login(lane: Lane, subject: string, scope: string): Promise<string>
}

export const REDIRECT_URI = 'https://app.bench.example/callback'

/** A PKCE pair (RFC 7636 appendix B). */
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
