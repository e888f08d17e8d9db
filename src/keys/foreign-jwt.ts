import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import * as v from 'valibot'
import type { Config } from '../config/types.ts'
import type { JsonObject } from '../util/json.ts'
import { absent } from '../util/schema.ts'
import { fitsSignature, MAX_CANDIDATES, materialOf, mayVerify } from './foreign-keys.ts'
import { type ForeignUse, kindOf, mediaType, type OwnKind, purposeProblem } from './jwt-kind.ts'

/*
 * Checks that both uses of JWT assertions share: client authentication and the JWT bearer grant (RFC 7523 section 3). A
 * problem is described by words that follow "The assertion"; the caller chooses the error.
 */

/**
 * The signature algorithms of what others sign, all of them asymmetric: client assertions and holders' proofs (contract
 * 1.3.3, 2.9). `Ed25519` is another name of `EdDSA` (RFC 9864).
 */
export const FOREIGN_ALGORITHMS: readonly string[] = [
  ...['RS', 'PS', 'ES'].flatMap((family) => ['256', '384', '512'].map((bits) => family + bits)),
  'EdDSA',
  'Ed25519',
]

/** The signature algorithms of request objects (OIDC Core section 6.1). */
export const REQUEST_OBJECT_ALGORITHMS: readonly string[] = ['none', ...FOREIGN_ALGORITHMS]

/** How far an issuer's clock may be ahead, seconds. It does not extend `exp`, since a used `jti` is kept no longer. */
const SKEW_SECONDS = 10

const time = v.optional(v.custom<number>(Number.isFinite))
const text = v.optional(v.string(), '')
const format = v.object({
  alg: v.string(),
  kid: v.optional(v.string()),
  crit: absent,
  typ: text,
  iss: text,
  sub: text,
  jti: text,
  aud: v.optional(v.union([v.array(v.string()), v.string()]), []),
  exp: time,
  nbf: time,
  iat: time,
})

/** An assertion whose signature was not verified yet. A missing text claim is empty. */
export interface Assertion {
  readonly jwt: string
  readonly alg: string
  readonly kid?: string | undefined
  /** The media type in lower case, without `application/`; empty if there is none. */
  readonly typ: string
  /** The kind of JWT of this server whose form it has. */
  readonly kind: OwnKind | undefined
  readonly iss: string
  readonly sub: string
  readonly jti: string
  readonly aud: readonly string[]
  /** Seconds since the epoch. */
  readonly exp?: number | undefined
  /** Seconds since the epoch. */
  readonly nbf?: number | undefined
  /** Seconds since the epoch. */
  readonly iat?: number | undefined
}

/** Reads a JWT without verifying it. Returns `undefined` for no JWT, claims of a wrong type or a critical extension. */
export function readAssertion(jwt: string): Assertion | undefined {
  try {
    const [header, claims] = [decodeProtectedHeader(jwt), decodeJwt(jwt)]
    const { alg, kid, crit, typ } = header
    const parsed = v.safeParse(format, { ...claims, alg, kid, crit, typ })
    if (!parsed.success) return undefined
    const { output } = parsed
    const kind = kindOf({ header, claims })
    return { jwt, ...output, typ: mediaType(output.typ), kind, aud: [output.aud].flat() }
  } catch {
    return undefined
  }
}

/**
 * Checks purpose, audience and times of an assertion. The audience must be the issuer or the token endpoint, `exp` must
 * be in the future, `nbf` and `iat` must not be (RFC 7523 section 3, items 3 to 6).
 *
 * @param now - seconds since the epoch
 * @returns the problem in words; `undefined` if there is none
 */
export function claimProblem(
  { endpoints, urls }: Config,
  use: ForeignUse,
  assertion: Assertion,
  now: number,
): string | undefined {
  const purpose = purposeProblem(use, assertion, urls.issuer)
  if (purpose !== undefined) return purpose
  const issuer = urls.issuer.replace(/\/+$/, '')
  const names = [
    endpoints.token ?? issuer,
    issuer,
    `${issuer}/`,
    `${issuer}/oauth2/token`,
    `${urls.public}/oauth2/token`,
  ]
  if (!assertion.aud.some((name) => names.includes(name))) {
    return "must name the issuer or the token endpoint as 'aud'"
  }
  if (assertion.exp === undefined) return "has no 'exp'"
  if (assertion.exp <= now) return 'has expired'
  const early = (['nbf', 'iat'] as const).find((name) => (assertion[name] ?? 0) > now + SKEW_SECONDS)
  return early && `has an '${early}' that lies ahead`
}

/**
 * Returns the keys that may have signed an assertion, at most `MAX_CANDIDATES`: those of its algorithm, if it names a
 * `kid` first the key of that name and then those that have no name.
 */
export function candidates({ alg, kid }: Assertion, keys: readonly JsonObject[]): readonly JsonObject[] {
  const fitting = keys.filter((key) => mayVerify(key) && fitsSignature(key, alg))
  const named = (name: string | undefined) => fitting.filter((key) => key['kid'] === name)
  const chosen = kid === undefined ? fitting : [...named(kid), ...named(undefined)]
  return chosen.slice(0, MAX_CANDIDATES)
}

/** Whether one of these keys made the signature. */
export async function signedByOne(assertion: Assertion, keys: readonly JsonObject[]): Promise<boolean> {
  for (const key of candidates(assertion, keys)) if (await signedBy(assertion, key)) return true
  return false
}

/** Whether a key made the signature of a JWT with an algorithm. */
export async function signedBy(
  { jwt, alg }: Pick<Assertion, 'jwt' | 'alg'>,
  key: JsonObject,
): Promise<boolean> {
  try {
    await compactVerify(jwt, materialOf(key), { algorithms: [alg] })
    return true
  } catch {
    return false
  }
}
