import { DEVICE_GRANT, JWT_BEARER } from '../clients/lifespans.ts'
import { authorizationCode } from './authorization-code.ts'
import { clientCredentials } from './client-credentials.ts'
import { deviceCode } from './device-code.ts'
import type { GrantHandler } from './handler.ts'
import { jwtBearer } from './jwt-bearer.ts'
import { refreshToken } from './refresh-token.ts'

/** The grant types of the token endpoint. */
export const grantHandlers: ReadonlyMap<string, GrantHandler> = new Map([
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
  ['client_credentials', clientCredentials],
  [DEVICE_GRANT, deviceCode],
  [JWT_BEARER, jwtBearer],
])
