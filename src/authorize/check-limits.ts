import { refusedAudience, refusedScope } from '../clients/limits.ts'
import type { FlowCheck } from './request.ts'

/** Every requested scope must be within the client's, and then every audience (RFC 6749 section 3.3, contract 3.8). */
export const checkLimits: FlowCheck = ({ config, client, scope, audience }) => {
  const refused = refusedScope(config, client, scope) ?? refusedAudience(client, audience)
  if (refused !== undefined) throw refused
}
