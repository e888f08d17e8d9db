import { parseClient } from '../../src/clients/metadata/parse.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { ClientRecord } from '../../src/store/types.ts'
import { seconds } from '../../src/util/clock.ts'
import { clientIdOf } from '../../src/util/ids.ts'
import { testEnv } from './bindings.ts'

/** A client record as a registration of this JSON would make it, except that it has no secret. */
export function clientRecord(id: string, body: object = {}): Omit<ClientRecord, 'version'> {
  const { metadata } = parseClient(body, loadConfig(testEnv()))
  return {
    id: clientIdOf(id),
    instance: crypto.randomUUID(),
    accessEpoch: 0,
    registrationEpoch: 0,
    registrationUsed: 0,
    consentEpoch: 0,
    bounds: null,
    initialAccess: null,
    usedAt: null,
    unusedTtl: null,
    secretHash: null,
    rotatedSecretHashes: [],
    secretExpiries: {},
    metadata,
    createdAt: seconds(1),
    updatedAt: seconds(1),
  }
}
