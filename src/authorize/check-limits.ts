import { refusedScope } from '../clients/limits.ts'
import { refusedTarget } from '../clients/resource.ts'
import type { Requested } from './request.ts'

/** Checks that the client may have every requested scope (RFC 6749 section 3.3, contract 3.8). */
export const checkScope = ({ config, client, scope }: Requested): void => {
  const refused = refusedScope(config, client, scope)
  if (refused !== undefined) throw refused
}

/** Checks that the client may have every requested audience and resource (RFC 8707 section 2.1, contract 3.8). */
export const checkAudience = ({ config, client, parameters }: Requested): void => {
  const refused = refusedTarget(config, client, parameters)
  if (refused !== undefined) throw refused
}
