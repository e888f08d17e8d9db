import { signedByKeys } from '../clients/signed-by-keys.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { invalidClient, invalidMetadata, unusableField } from '../errors/refusals.ts'
import { type Assertion, claimProblem, FOREIGN_ALGORITHMS, readAssertion } from '../keys/foreign-jwt.ts'
import { isSameAlgorithm } from '../keys/foreign-keys.ts'
import { toBase64url } from '../util/base64url.ts'
import { nowSeconds } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'
import { defineMethod } from './method.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A JWT that the client signed with its own key, and its registered algorithm if it has one (RFC 7523 section 3). */
export const privateKeyJwt = defineMethod<Assertion>({
  method: 'private_key_jwt',
  strength: 2,
  provenBy: 'keys',
  otherClient: 'invalid_client',
  unproven: 'assertion_unproven',
  tellsUnproven: true,
  isPresent: ({ form }) =>
    form.get('client_assertion_type') !== undefined || form.get('client_assertion') !== undefined,
  read({ rt }, { form }) {
    if (form.get('client_assertion_type') !== ASSERTION_TYPE)
      throw invalidRequest('parameter_malformed', {
        parameter: 'client_assertion_type',
        expected: ASSERTION_TYPE,
      })
    const assertion = readAssertion(form.require('client_assertion'))
    const id = assertion?.sub
    if (!id || assertion.iss !== id) throw malformed("must be a JWT whose 'iss' and 'sub' are the client")
    const problem = claimProblem(rt.config, 'client_assertion', assertion, nowSeconds())
    if (problem !== undefined) throw malformed(problem)
    return { id, proof: assertion }
  },
  async verify({ rt }, client, assertion) {
    // Without a registered algorithm the key decides (OIDC Registration section 2).
    const registered = client.metadata.token_endpoint_auth_signing_alg || assertion.alg
    if (!FOREIGN_ALGORITHMS.includes(assertion.alg) || !isSameAlgorithm(registered, assertion.alg))
      return false
    return signedByKeys(rt, client, assertion)
  },
  replay: ({ jti, jwt, exp = 0 }) => ({
    id: jti === '' ? '' : toBase64url(sha256(jti)),
    expiresAt: exp,
    text: jwt,
  }),
  metadataProblem({ jwks_uri: uri, hasKeys, token_endpoint_auth_signing_alg: alg }) {
    if (!hasKeys && uri === '')
      return unusableField('token_endpoint_auth_method', "'private_key_jwt' needs 'jwks' or 'jwks_uri'")
    if (alg === '' || FOREIGN_ALGORITHMS.includes(alg)) return undefined
    const expected = FOREIGN_ALGORITHMS.join(' or ')
    return invalidMetadata('field_malformed', { field: 'token_endpoint_auth_signing_alg', expected })
  },
})

const malformed = (problem: string) => invalidClient('assertion_malformed', { problem })
