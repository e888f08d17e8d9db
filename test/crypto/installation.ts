import { vi } from 'vitest'
import type { SigningAlgorithm } from '../../src/config/types.ts'
import { Envelopes } from '../../src/crypto/envelope.ts'
import { RootKeys } from '../../src/crypto/root-keys.ts'
import type { RootKeyRow, SigningKeyRow } from '../../src/crypto/types.ts'
import { KeyRing } from '../../src/keys/ring.ts'
import { StoredKeys } from '../../src/keys/stored.ts'
import { JsonWebKeyStore } from '../../src/store/json-web-keys.ts'
import { RootKeyStore } from '../../src/store/root-keys.ts'
import { type CallCounts, countCalls, testEnv } from '../support/bindings.ts'
import { withOutage } from '../support/outage.ts'
import { patient } from '../support/patient.ts'

export const SECRET = 'first-system-secret-of-32-characters'
export const OTHER_SECRET = 'other-system-secret-of-32-characters'

/** A root key row of format 1 under SECRET, holding the bytes 0 to 31. Never changes: it shows that old rows stay readable. */
export const SAMPLE_ROW: RootKeyRow = {
  id: 'c2FtcGxl',
  sealed:
    '1.4u_iTdzSAT05CY2eyVUfHcS3WXgOtQCQs4loi9LeNs200FPsOpA_Bf0rn_RQ1ZFjUC8DI_VucEjOoi1YOe6sUKXpNv1FgNSE',
  createdAt: 1,
}

const DAY_MS = 86_400_000
let today = Date.parse('2026-03-01T12:00:00Z')

/**
 * The stores of one installation over the real D1 and KV. Whatever is made from it has a memory of its own, as if in
 * an isolate of its own.
 */
export class Installation {
  readonly #counted = countCalls(testEnv())
  readonly #outage = withOutage(this.#counted.env)

  /** What all its isolates asked since the last `resetCounts`. */
  get counts(): CallCounts {
    return this.#counted.counts
  }

  resetCounts(): void {
    this.#counted.reset()
  }

  /** Takes D1 and KV away, or gives them back. */
  set down(down: boolean) {
    this.#outage.down = down
  }

  roots(...secrets: readonly string[]): RootKeys {
    return new RootKeys(new RootKeyStore(patient(this.#outage.env)), secrets.length > 0 ? secrets : [SECRET])
  }

  envelopes(): Envelopes {
    return new Envelopes(this.roots())
  }

  keyStore(): JsonWebKeyStore {
    return new JsonWebKeyStore(patient(this.#outage.env))
  }

  ring(algorithm: SigningAlgorithm = 'ES256'): KeyRing {
    const envelopes = this.envelopes()
    const store = this.keyStore()
    const stored = new StoredKeys(store, envelopes)
    return new KeyRing(store, envelopes, (set) => stored.makeFirst(set, algorithm))
  }
}

/** Makes copies worth nothing after D1 was changed by hand, as `DELETE /admin/copies` does; a minute goes by. */
export async function changedByHand(): Promise<void> {
  const { COPIES } = testEnv()
  const { keys } = await COPIES.list()
  await Promise.all(keys.map(({ name }) => COPIES.delete(name)))
  await patient(testEnv()).feed.renew(crypto.randomUUID())
  later(60)
}

/** A new installation without any keys and copies, a day after the last one. */
export async function emptyInstallation(): Promise<Installation> {
  today += DAY_MS
  vi.useFakeTimers({ toFake: ['Date'], now: today })
  await changedByHand()
  const { DB } = testEnv()
  await DB.batch([DB.prepare('DELETE FROM root_keys'), DB.prepare('DELETE FROM json_web_keys')])
  return new Installation()
}

/** Lets time go by. */
export const later = (seconds: number): void => {
  vi.setSystemTime(Date.now() + seconds * 1000)
}

/** The root keys as D1 has them, oldest first. */
export async function rootRows(): Promise<readonly RootKeyRow[]> {
  const select = 'SELECT id, sealed, created_at AS createdAt FROM root_keys ORDER BY created_at'
  return (await testEnv().DB.prepare(select).all<RootKeyRow>()).results
}

/** The signing keys as D1 has them, newest first. */
export async function keyRows(): Promise<readonly SigningKeyRow[]> {
  const select = `SELECT "set", kid, alg, public_jwk AS publicJwk, private_sealed AS privateSealed, created_at AS createdAt
    FROM json_web_keys ORDER BY created_at DESC, rowid DESC`
  const { results } = await testEnv()
    .DB.prepare(select)
    .all<Omit<SigningKeyRow, 'publicJwk'> & { readonly publicJwk: string }>()
  return results.map((row) => ({ ...row, publicJwk: JSON.parse(row.publicJwk) }))
}
