import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import * as v from 'valibot'
import type { Config } from '../config/types.ts'
import type { JsonObject } from '../util/json.ts'
import { absent } from '../util/schema.ts'
import { fitsSignature, MAX_CANDIDATES, materialOf } from './foreign-keys.ts'

/**
 * What both uses of JWT assertions share: client authentication and the JWT bearer grant (RFC 7523 section 3).
 * Whatever is wrong with an assertion is told as what follows "The assertion"; who asks knows which error that is.
 */

/** Algorithms for `private_key_jwt` (contract 1.3.3). */
export const CLIENT_ASSERTION_ALGORITHMS: readonly string[] = ['RS', 'PS', 'ES'].flatMap((family) =>
  ['256', '384', '512'].map((bits) => family + bits),
)

/** Algorithms of request objects (OIDC Core section 6.1). */
export const REQUEST_OBJECT_ALGORITHMS: readonly string[] = ['none', ...CLIENT_ASSERTION_ALGORITHMS, 'EdDSA']

/** How far the clock of an issuer may run ahead, seconds. Nothing is added to `exp`: a spent `jti` is kept no longer. */
const SKEW_SECONDS = 10

const time = v.optional(v.custom<number>(Number.isFinite))
const text = v.optional(v.string(), '')
const format = v.object({
  alg: v.string(),
  kid: v.optional(v.string()),
  crit: absent,
  iss: text,
  sub: text,
  jti: text,
  aud: v.optional(v.union([v.array(v.string()), v.string()]), []),
  exp: time,
  nbf: time,
  iat: time,
})

/** An assertion as its sender wrote it; nothing is proven before its signature is. Missing texts are empty. */
export interface Assertion {
  readonly jwt: string
  readonly alg: string
  readonly kid?: string | undefined
  readonly iss: string
  readonly sub: string
  readonly jti: string
  readonly aud: readonly string[]
  /** Seconds since the epoch. */
  readonly exp?: number | undefined
  readonly nbf?: number | undefined
  readonly iat?: number | undefined
}

/** Reads a signed JWT; `undefined` when it is none, or has claims of wrong types or critical extensions. */
export function readAssertion(jwt: string): Assertion | undefined {
  try {
    const { alg, kid, crit } = decodeProtectedHeader(jwt)
    const parsed = v.safeParse(format, { ...decodeJwt(jwt), alg, kid, crit })
    if (!parsed.success) return undefined
    return { jwt, ...parsed.output, aud: [parsed.output.aud].flat() }
  } catch {
    return undefined
  }
}

/**
 * What is wrong with audience and times, or `undefined`: the audience must name this server by its issuer or its
 * token endpoint, `exp` must lie ahead, `nbf` and `iat` must not (RFC 7523 section 3, items 3 to 6).
 *
 * @param now - seconds since the epoch
 */
export function claimProblem(
  { endpoints, urls }: Config,
  assertion: Assertion,
  now: number,
): string | undefined {
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

/** The keys of a set that may have signed an assertion: of its `kid` if it names one, and fit for its algorithm. */
export function candidates(assertion: Assertion, keys: readonly JsonObject[]): readonly JsonObject[] {
  const { alg, kid } = assertion
  return keys.filter((key) => fitsSignature(key, alg, kid)).slice(0, MAX_CANDIDATES)
}

/** Whether one of these keys made the signature. */
export async function signedByOne(assertion: Assertion, keys: readonly JsonObject[]): Promise<boolean> {
  for (const key of candidates(assertion, keys)) if (await signedBy(assertion, key)) return true
  return false
}

/** Whether this key made the signature of a JWT by this algorithm. */
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
