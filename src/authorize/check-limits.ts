import { refusedScope } from '../clients/limits.ts'
import { refusedTarget } from '../clients/resource.ts'
import type { Requested } from './request.ts'

/**
 * Checks that the client may have every requested scope, then every requested audience and resource (RFC 6749 section
 * 3.3, RFC 8707 section 2.1, contract 3.8).
 */
export const checkLimits = ({ config, client, scope, parameters }: Requested): void => {
  const refused = refusedScope(config, client, scope) ?? refusedTarget(config, client, parameters)
  if (refused !== undefined) throw refused
}
