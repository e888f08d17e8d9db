import { DEVICE_GRANT, listsGrantType } from '../clients/grant-types.ts'
import { invalidGrant } from '../errors/oauth-error.ts'
import type { FlowCheck } from './request.ts'

/** Only a client that lists the grant may have devices (contract 1.3.9). */
export const checkDeviceGrant: FlowCheck = ({ client }) => {
  if (listsGrantType(client, DEVICE_GRANT)) return
  throw invalidGrant('grant_type_not_allowed', { grant_type: DEVICE_GRANT })
}
