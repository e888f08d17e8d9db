import type { Context } from 'hono'
import * as v from 'valibot'
import type { AppEnv } from '../context.ts'
import { errorBody, invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { as } from '../errors/translate.ts'
import type { RequestBody } from '../http/body.ts'
import { readJson } from '../http/form.ts'
import { json } from '../http/json.ts'
import { presentedToken } from '../tokens/binding/possession.ts'
import { CREDENTIAL_FORMAT, makeCredential, sealNonce } from '../tokens/credential.ts'
import { jsonValue } from '../util/json-value.ts'
import { requireAccess } from './access.ts'
import { checkProof } from './holder-proof.ts'

const NO_STORE = { 'cache-control': 'no-store' }

const proofFormat = v.object({ proof_type: v.picklist(['jwt']), jwt: v.string() })
/** The body of a request for a credential. */
export const credentialRequest = v.object({
  format: v.picklist([CREDENTIAL_FORMAT]),
  proof: v.optional(jsonValue),
})

/**
 * POST /credentials: issues a verifiable credential about the subject of the access token (OpenID for Verifiable
 * Credential Issuance, draft 00; contract 1.3.8). Answers a request without proof with the nonce that a proof needs.
 */
export async function credentials(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  // The body is JSON whatever its content type says, so it cannot contain the token.
  const presented = await presentedToken(c.req.raw)
  const active = await requireAccess(ctx, presented, 'request_unauthorized')
  const accessToken = presented?.token ?? ''
  const asked = v.safeParse(credentialRequest, await readAsked(c.var.body))
  if (!asked.success)
    throw invalidRequest('field_malformed', { field: 'format', expected: `'${CREDENTIAL_FORMAT}'` })
  const { proof } = asked.output
  if (proof === undefined || proof === null) {
    const primed = {
      // The draft's value of this member; it differs from the format in the request.
      format: 'jwt_vc',
      c_nonce: await sealNonce(ctx.rt, accessToken),
      c_nonce_expires_in: ctx.rt.config.ttl.vcNonce,
    }
    const missing = new OAuthError('missing_proof', 'holder_proof_missing')
    ctx.refused(missing)
    return json({ ...primed, ...errorBody(missing) }, 400, NO_STORE)
  }
  const given = v.safeParse(proofFormat, proof)
  if (!given.success)
    throw invalidRequest('proof_unfit', { problem: "needs 'proof_type' with value 'jwt', and 'jwt'" })
  const holder = await checkProof(ctx.rt, given.output.jwt, accessToken)
  const credential = await makeCredential(ctx.rt, active, holder)
  ctx.told({ ...(active.grant && { grant: active.grant.id }) })
  return json({ format: CREDENTIAL_FORMAT, credential_draft_00: credential }, 200, NO_STORE)
}

/** Reads the body. Every flaw of the request gives the same error here (contract 1.3.8). */
async function readAsked(body: RequestBody): Promise<unknown> {
  return readJson(body).catch(as({ malformed_body: ({ reason, facts }) => invalidRequest(reason, facts) }))
}
