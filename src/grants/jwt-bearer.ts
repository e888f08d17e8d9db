import { consumeOnce } from '../client-auth/consume-once.ts'
import { JWT_BEARER } from '../clients/grant-types.ts'
import type { Config } from '../config/types.ts'
import type { RequestContext } from '../context.ts'
import { invalidGrant, OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import { type Assertion, candidates, claimProblem, readAssertion, signedByOne } from '../keys/foreign-jwt.ts'
import { MAX_CANDIDATES } from '../keys/foreign-keys.ts'
import { ownersOf } from '../ledger/owner.ts'
import type { TrustedIssuer } from '../store/trusted-issuers.ts'
import { prepareAccessToken } from '../tokens/addressee.ts'
import { toBase64url } from '../util/base64url.ts'
import { nowSeconds } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'
import { AUDIENCE_RULE, isAmbiguousAudience, scopeRule } from '../util/scope.ts'
import { isName, isPlainText } from '../util/text.ts'
import { foreignCredential } from './credential.ts'
import { defineGrant } from './grant.ts'
import { hookedSelfContainedClaims } from './hook.ts'
import { issueSelfContainedToken } from './self-contained-token.ts'

const NAME = { type: JWT_BEARER, shortName: 'jwt_bearer' } as const

/**
 * Issues a token for the subject of an assertion that a trusted issuer signed (RFC 7523 sections 2.1 and 3, contract
 * 1.3.3). Spends the assertion in its subject's ledger after all other checks.
 */
export const jwtBearer = defineGrant({
  ...NAME,
  publicClients: true,
  scopePolicy: 'narrowed',
  credential: foreignCredential('assertion', verify),
  async run(ctx, request) {
    const { client, form, scope, audience, credential: assertion } = request
    const copied = ctx.rt.config.oauth2.jwtBearer.omitAudience ? [] : assertion.aud
    const all = [...new Set([...audience, ...copied])]
    const claims = { grant: NAME, subject: assertion.sub, scope, audience: all }
    const addressee = await prepareAccessToken(ctx.rt, request)
    const custom = await hookedSelfContainedClaims(ctx, { client, form }, claims)
    await consume(ctx, assertion)
    return issueSelfContainedToken(ctx, addressee, claims, custom)
  },
})

/**
 * Verifies an assertion: its issuer must be trusted for its subject and for the requested scopes. Throws
 * `invalid_grant` or `invalid_scope`.
 */
async function verify(ctx: RequestContext, jwt: string, form: Parameters): Promise<Assertion> {
  const assertion = readAssertion(jwt)
  if (assertion === undefined) throw malformed('is not a signed JWT')
  const { config } = ctx.rt
  const problem = grantProblem(config, assertion, nowSeconds())
  if (problem !== undefined) throw malformed(problem)
  checkTrustedScope(config, await findTrust(ctx, assertion), form.scopes())
  return assertion
}

const malformed = (problem: string): OAuthError => invalidGrant('assertion_malformed', { problem })

/** Says what is wrong with the claims, before any key is looked up; `undefined` if nothing is. */
function grantProblem(config: Config, assertion: Assertion, now: number): string | undefined {
  const { jtiOptional, iatOptional, maxTtl, omitAudience } = config.oauth2.jwtBearer
  if (assertion.iss === '') return "has no 'iss'"
  if (!isName(assertion.sub)) return "must have a 'sub' of 1 to 255 characters"
  // It becomes the audience of the token.
  if (!assertion.aud.every(isPlainText)) return "must have text without control characters as its 'aud'"
  if (!omitAudience && assertion.aud.some(isAmbiguousAudience))
    return `must have audiences ${AUDIENCE_RULE} as its 'aud', since it becomes that of the token`
  if (assertion.iat === undefined && !iatOptional) return "has no 'iat'"
  if (assertion.jti === '' && !jtiOptional) return "has no 'jti'"
  const lifetime = (assertion.exp ?? 0) - (assertion.iat ?? now)
  if (lifetime > maxTtl) return `lives longer than ${maxTtl} seconds`
  return claimProblem(config, 'grant_assertion', assertion, now)
}

/** Finds the trusted issuer entry that covers issuer and subject and whose key signed. Throws `invalid_grant`. */
async function findTrust(ctx: RequestContext, assertion: Assertion): Promise<TrustedIssuer> {
  const { issuers } = ctx.rt
  const trust =
    (await signer(assertion, await issuers.find(assertion.iss, false))) ??
    (await signer(assertion, await issuers.find(assertion.iss, true)))
  if (trust !== undefined) return trust
  throw invalidGrant('assertion_unproven')
}

/** The entry whose key signed; an entry for this subject goes before one for any subject. */
async function signer(
  assertion: Assertion,
  entries: readonly TrustedIssuer[],
): Promise<TrustedIssuer | undefined> {
  const fitting = entries
    .filter(({ subject, publicJwk }) => {
      return ['', assertion.sub].includes(subject) && candidates(assertion, [publicJwk]).length > 0
    })
    .sort((left, right) => right.subject.length - left.subject.length)
  for (const entry of fitting.slice(0, MAX_CANDIDATES))
    if (await signedByOne(assertion, [entry.publicJwk])) return entry
  return undefined
}

function checkTrustedScope({ strategies }: Config, trust: TrustedIssuer, requested: readonly string[]): void {
  const mayGive = scopeRule(strategies.scope, trust.scope)
  const foreign = requested.find((value) => !mayGive(value))
  if (foreign === undefined) return
  throw new OAuthError('invalid_scope', 'issuer_scope', { scope: foreign })
}

/**
 * Spends the assertion in its subject's ledger until it expires. One without `jti` may be used again. Throws
 * `jti_known`.
 */
async function consume(ctx: RequestContext, assertion: Assertion): Promise<void> {
  if (assertion.jti === '') return
  const id = toBase64url(sha256(JSON.stringify([assertion.iss, assertion.jti])))
  // In every ledger that the subject may have: an isolate with other settings spends it in one of these alone.
  for (const owner of ownersOf('subject', assertion.sub, ctx.rt.config.residency).toReversed())
    await consumeOnce(ctx, owner, { attempt: ctx.attempt, id }, assertion.exp ?? 0)
}
