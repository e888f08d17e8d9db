import type { Config } from '../config/types.ts'
import type { ClientRecord } from '../store/types.ts'
import { hydra } from './hydra.ts'
import type { Profile } from './profile.ts'
import { signedRequests } from './signed-requests.ts'

/** The profiles: that of the server while the client is not known, and that of each client. */
export interface Profiles {
  readonly server: Profile
  of(client: ClientRecord): Profile
}

/** Returns the profiles under these settings. */
export function profilesOf(config: Config): Profiles {
  const server = hydra(config)
  const signed = signedRequests(server)
  return { server, of: ({ metadata }) => (metadata.require_signed_request_object ? signed : server) }
}
