import type { Config } from '../config/types.ts'
import type { ClientRecord } from '../store/types.ts'
import { hydra } from './hydra.ts'
import type { Profile } from './profile.ts'

/** Whose rules hold: the server's as long as no client is known, and then the client's. */
export interface Profiles {
  readonly server: Profile
  of(client: ClientRecord): Profile
}

/** The profiles under these settings. */
export function profilesOf(config: Config): Profiles {
  const server = hydra(config)
  return { server, of: () => server }
}
