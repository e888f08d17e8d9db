import { LOGOUT_EVENT } from '../keys/jwt-kind.ts'
import { ID_TOKEN_SET } from '../keys/ring.ts'
import { signJwt } from '../keys/sign-jwt.ts'
import type { ClientNotice } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { encrypterFor } from '../tokens/encryption.ts'
import { nowSeconds } from '../util/clock.ts'

/** Lifetime of a logout token in seconds: enough to be received (OIDC Back-Channel Logout 1.0 section 2.4). */
const LIFETIME_SECONDS = 120

/**
 * Makes the logout token of a notice. Each try has the same `jti` and new times. It is encrypted if the client's ID
 * tokens are (OIDC Back-Channel Logout 1.0 section 2.6).
 */
export async function makeLogoutToken(
  rt: Runtime,
  client: ClientRecord,
  { id, subject, sid }: ClientNotice,
): Promise<string> {
  const now = nowSeconds()
  const signer = await rt.keys.signer(ID_TOKEN_SET, client.metadata.id_token_signed_response_alg)
  const encrypt = await encrypterFor(rt, client, 'id_token')
  const token = await signJwt(signer, 'logout+jwt', {
    iss: rt.config.urls.issuer,
    aud: [client.id],
    sub: subject,
    sid,
    iat: now,
    exp: now + LIFETIME_SECONDS,
    jti: id,
    events: { [LOGOUT_EVENT]: {} },
  })
  return encrypt(token)
}
