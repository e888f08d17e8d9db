import { consumeOnce } from '../clients/assertion.ts'
import { JWT_BEARER } from '../clients/lifespans.ts'
import { findClientOrAskSource } from '../clients/lookup.ts'
import { audienceIn, refusedTarget } from '../clients/resource.ts'
import type { Config } from '../config/types.ts'
import type { RequestContext } from '../context.ts'
import { invalidGrant, OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import { type Assertion, candidates, claimProblem, readAssertion, signedByOne } from '../keys/foreign-jwt.ts'
import { MAX_CANDIDATES } from '../keys/foreign-keys.ts'
import { ownerOf } from '../ledger/owner.ts'
import type { TrustedIssuer } from '../store/trusted-issuers.ts'
import type { ClientRecord } from '../store/types.ts'
import { prepareSigners } from '../tokens/access-token.ts'
import { toBase64url } from '../util/base64url.ts'
import { nowSeconds } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'
import { scopeRule } from '../util/scope.ts'
import { isName } from '../util/text.ts'
import { type GrantHandler, requireGrantType } from './handler.ts'
import { hookedSelfContainedClaims } from './hook.ts'
import { underAttempt } from './idempotency.ts'
import { issueSelfContainedToken } from './self-contained-token.ts'

/**
 * Issues a token for the subject of an assertion that a trusted issuer signed (RFC 7523 sections 2.1 and 3, contract
 * 1.3.3). The assertion is spent in its subject's ledger once all else is checked.
 */
export const jwtBearer: GrantHandler = async (ctx, registered, form) => {
  const allowed = await requireGrantType(ctx, registered, JWT_BEARER)
  const assertion = readAssertion(form.require('assertion'))
  if (assertion === undefined) throw invalidGrant('The assertion is not a signed JWT.')
  const { config } = ctx.rt
  const problem = grantProblem(config, assertion, nowSeconds())
  if (problem !== undefined) throw invalidGrant(problem)
  const requested = form.scopes()
  checkTrustedScope(config, await findTrust(ctx, assertion), requested)
  const client = await currentClient(ctx, allowed, requested, form)
  const refused = refusedTarget(config, client, form)
  if (refused !== undefined) throw refused
  const copied = config.oauth2.jwtBearer.omitAudience ? [] : assertion.aud
  const claims = {
    grantType: JWT_BEARER,
    subject: assertion.sub,
    scope: requested.filter(ruleOf(config, client)),
    audience: [...new Set([...audienceIn(form), ...copied])],
  } as const
  await prepareSigners(ctx.rt, client)
  const custom = await hookedSelfContainedClaims(ctx, { client, form }, claims)
  return underAttempt(ctx.attempt, client.id, assertion.jwt, async (attempt) => {
    await consume(ctx, assertion, attempt)
    return issueSelfContainedToken(ctx, client, claims, custom)
  })
}

/** What is wrong with the claims before anybody is asked about keys. */
function grantProblem(config: Config, assertion: Assertion, now: number): string | undefined {
  const { jtiOptional, iatOptional, maxTtl } = config.oauth2.jwtBearer
  if (assertion.iss === '') return "The assertion has no 'iss'."
  if (!isName(assertion.sub)) return "The assertion's 'sub' must be text of 1 to 255 characters."
  if (assertion.iat === undefined && !iatOptional) return "The assertion has no 'iat'."
  if (assertion.jti === '' && !jtiOptional) return "The assertion has no 'jti'."
  const lifetime = (assertion.exp ?? 0) - (assertion.iat ?? now)
  if (lifetime > maxTtl) return `The assertion lives longer than ${maxTtl} seconds.`
  return claimProblem(config, assertion, now)
}

/** The trust that clientMayHave this issuer and subject, and whose key made the signature. Throws `invalid_grant`. */
async function findTrust(ctx: RequestContext, assertion: Assertion): Promise<TrustedIssuer> {
  const { issuers } = ctx.rt
  const trust =
    (await signer(assertion, await issuers.find(assertion.iss, false))) ??
    (await signer(assertion, await issuers.find(assertion.iss, true)))
  if (trust !== undefined) return trust
  throw invalidGrant('No key that is trusted for this issuer and subject signed the assertion.')
}

/** The entry whose key signed; trust in this very subject goes before trust in any. */
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
  const hint = `The issuer of the assertion may not give scope '${foreign.slice(0, 100)}'.`
  throw new OAuthError('invalid_scope', hint)
}

/** The client, from the source if the copy at hand would narrow or refuse what is requested. */
async function currentClient(
  { rt }: RequestContext,
  copy: ClientRecord,
  scope: readonly string[],
  form: Parameters,
): Promise<ClientRecord> {
  const whole = scope.every(ruleOf(rt.config, copy))
  if (whole && refusedTarget(rt.config, copy, form) === undefined) return copy
  // The copy itself is ruled out.
  return (await findClientOrAskSource(rt, copy.id, (client) => client !== copy, copy)) ?? copy
}

const ruleOf = (config: Config, { metadata }: ClientRecord) =>
  scopeRule(config.strategies.scope, metadata.scope.split(' '))

/** Spends the assertion in the ledger of its subject until it expires; one without `jti` may come again. Throws `jti_known`. */
async function consume(ctx: RequestContext, assertion: Assertion, attempt: string): Promise<void> {
  if (assertion.jti === '') return
  const id = toBase64url(sha256(JSON.stringify([assertion.iss, assertion.jti])))
  await consumeOnce(ctx, ownerOf('subject', assertion.sub), { attempt, id }, assertion)
}
