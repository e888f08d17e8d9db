import type { Context } from 'hono'
import { RESPONSE_MODES } from '../authorize/response-modes/registry.ts'
import { methodsAt } from '../client-auth/endpoints.ts'
import type { Config } from '../config/types.ts'
import type { AppEnv } from '../context.ts'
import { supported } from '../grants/supported.ts'
import type { Discovered } from '../http/endpoint.ts'
import { publicDocument } from '../http/json.ts'
import { FOREIGN_ALGORITHMS, REQUEST_OBJECT_ALGORITHMS } from '../keys/foreign-jwt.ts'
import { ID_TOKEN_SET, type KeyRing } from '../keys/ring.ts'
import { profilesOf } from '../profiles/registry.ts'
import { CONTENT_ENCRYPTIONS, KEY_ENCRYPTIONS } from '../store/client-fields.ts'
import { SameParts } from '../util/same-parts.ts'

/** The text of the document, by what it depends on. */
const texts = new SameParts<KeyRing, string>()

/**
 * GET /.well-known/openid-configuration and /.well-known/oauth-authorization-server: the same document for both (OpenID
 * Connect Discovery 1.0, RFC 8414, contract 1.3.1).
 *
 * @param members - what the endpoints add to it
 */
export const discovery =
  (members: Discovered) =>
  (c: Context<AppEnv>): Promise<Response> => {
    const { config, keys } = c.var.ctx.rt
    return discoveryResponse(config, keys, members)
  }

/** The document as a response that may be cached for a minute. */
export async function discoveryResponse(
  config: Config,
  ring: KeyRing,
  members: Discovered,
): Promise<Response> {
  const [signer, published] = await Promise.all([ring.signer(ID_TOKEN_SET), ring.publicKeys(ID_TOKEN_SET)])
  const algorithms = published.flatMap((key) => key.alg ?? [])
  const make = (): string =>
    JSON.stringify({ ...document(config, signer.alg, algorithms), ...members(config) })
  return publicDocument(texts.of(ring, [config, signer.alg, ...algorithms], make))
}

/**
 * The members of contract 2.9 that do not come from endpoints, as far as they are true of this server. `published` are
 * the algorithms of all ID token keys.
 */
function document(config: Config, signing: string, published: readonly string[]): object {
  const { grantTypes, responseTypes } = supported()
  return {
    issuer: config.urls.issuer,
    subject_types_supported: config.subjects.types,
    response_types_supported: responseTypes,
    response_modes_supported: RESPONSE_MODES,
    grant_types_supported: grantTypes,
    prompt_values_supported: profilesOf(config).server.prompts.named,
    scopes_supported: unique(['offline_access', 'offline', 'openid', ...config.supportedScopes]),
    claims_supported: unique(['sub', ...config.supportedClaims]),
    token_endpoint_auth_methods_supported: methodsAt('token'),
    token_endpoint_auth_signing_alg_values_supported: FOREIGN_ALGORITHMS,
    revocation_endpoint_auth_methods_supported: methodsAt('revocation'),
    revocation_endpoint_auth_signing_alg_values_supported: FOREIGN_ALGORITHMS,
    introspection_endpoint_auth_methods_supported: methodsAt('introspection'),
    introspection_endpoint_auth_signing_alg_values_supported: FOREIGN_ALGORITHMS,
    code_challenge_methods_supported: ['S256'],
    id_token_signing_alg_values_supported: unique([signing, ...published]),
    id_token_signed_response_alg: [signing],
    userinfo_signing_alg_values_supported: unique(['none', signing, ...published]),
    userinfo_signed_response_alg: [signing],
    id_token_encryption_alg_values_supported: KEY_ENCRYPTIONS,
    id_token_encryption_enc_values_supported: CONTENT_ENCRYPTIONS,
    userinfo_encryption_alg_values_supported: KEY_ENCRYPTIONS,
    userinfo_encryption_enc_values_supported: CONTENT_ENCRYPTIONS,
    authorization_response_iss_parameter_supported: true,
    request_parameter_supported: true,
    request_uri_parameter_supported: true,
    require_request_uri_registration: true,
    request_object_signing_alg_values_supported: REQUEST_OBJECT_ALGORITHMS,
    claims_parameter_supported: true,
    claim_types_supported: ['normal', 'aggregated', 'distributed'],
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  }
}

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)]
