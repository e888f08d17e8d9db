import { loadConfig } from './config/load.ts'
import { misspeltNames } from './config/names.ts'
import type { Config } from './config/types.ts'
import { Envelopes } from './crypto/envelope.ts'
import { RootKeys } from './crypto/root-keys.ts'
import type { Env } from './env.ts'
import { logLine } from './http/log.ts'
import { KeyRing } from './keys/ring.ts'
import { StoredKeys } from './keys/stored.ts'
import { Ledgers } from './ledger/client.ts'
import { ownerOf } from './ledger/owner.ts'
import { Floods } from './limits/floods.ts'
import { Spending } from './limits/spending.ts'
import { type Profiles, profilesOf } from './profiles/registry.ts'
import { AuditLog } from './store/audit-log.ts'
import { ClientStore } from './store/clients.ts'
import { CopyUpkeep } from './store/copy-upkeep.ts'
import { GrantsBook } from './store/grants-book.ts'
import { JsonWebKeyStore } from './store/json-web-keys.ts'
import { RootKeyStore } from './store/root-keys.ts'
import { type Sources, sourcesOf, timedDatabase } from './store/sources.ts'
import { TrustedIssuerStore } from './store/trusted-issuers.ts'
import { UpkeepNotes } from './store/upkeep.ts'
import { subjectHash } from './telemetry/subject-hash.ts'
import { nowMs } from './util/clock.ts'
import { isolateStart } from './util/trouble.ts'

/** What one isolate keeps between requests: the parsed settings, and copies of clients and keys. */
export interface Runtime {
  /** The bindings; every call of D1 and KV through them has a deadline. */
  readonly env: Env
  readonly config: Config
  readonly profiles: Profiles
  readonly roots: RootKeys
  readonly envelopes: Envelopes
  readonly keys: KeyRing
  readonly storedKeys: StoredKeys
  readonly clients: ClientStore
  readonly issuers: TrustedIssuerStore
  readonly ledgers: Ledgers
  readonly floods: Floods
  readonly spending: Spending
  readonly book: GrantsBook
  readonly auditLog: AuditLog
  readonly upkeep: UpkeepNotes
  readonly copies: CopyUpkeep
  /** D1 and KV, and which of them is silent. */
  readonly sources: Sources
}

const runtimes = new WeakMap<Env, Runtime>()
const warned = new WeakSet<Env>()

/**
 * The isolate's runtime for these bindings, made on first use. Throws `misconfiguration` that names every bad setting.
 */
export function runtimeOf(env: Env): Runtime {
  const known = runtimes.get(env)
  if (known !== undefined) return known
  warnOnce(env)
  isolateStart(nowMs())
  const config = loadConfig(env)
  const ledgers = new Ledgers(env.LEDGER, config.deadlines.ledger, config.residency)
  const sources = sourcesOf(env, config.deadlines, ledgers)
  const rootKeys = new RootKeyStore(sources)
  const roots = new RootKeys(rootKeys, config.systemSecrets)
  const envelopes = new Envelopes(roots)
  const keySource = new JsonWebKeyStore(sources)
  const clients = new ClientStore(sources, config.registration.unusedTtl)
  const issuers = new TrustedIssuerStore(sources)
  const upkeep = new UpkeepNotes(sources.d1)
  const kinds = { keys: keySource, clients, issuers }
  const runtime: Runtime = {
    env: { ...env, DB: sources.d1, COPIES: sources.kv },
    config,
    profiles: profilesOf(config),
    roots,
    envelopes,
    keys: new KeyRing(keySource, envelopes, (set) => ledgers.makeFirstKey(set, config.signingAlgorithm)),
    storedKeys: new StoredKeys(keySource, envelopes),
    clients,
    issuers,
    ledgers,
    floods: new Floods(env, config.limitsOff),
    spending: new Spending(),
    book: bookOf(env, sources, config, roots),
    auditLog: new AuditLog(sources.d1),
    upkeep,
    copies: new CopyUpkeep({ sources, notes: upkeep, rootKeys, kinds }),
    sources,
  }
  runtimes.set(env, runtime)
  return runtime
}

/** The grants book: in a database of its own, if there is one. */
function bookOf(
  { BOOK }: Env,
  { d1 }: Sources,
  { grantsBook, deadlines }: Config,
  roots: RootKeys,
): GrantsBook {
  const hash = (subject: string) => subjectHash(roots, ownerOf('subject', subject, 'none'))
  if (BOOK === undefined) return new GrantsBook(d1, grantsBook, hash)
  return new GrantsBook(timedDatabase(BOOK, deadlines.storage), grantsBook, hash, d1)
}

/** Logs names that are probably misspelt settings, which have no effect: once per isolate. */
function warnOnce(env: Env): void {
  if (warned.has(env)) return
  warned.add(env)
  const names = misspeltNames(Object.keys(env))
  if (names.length > 0) logLine('settings.misspelt', { names })
}
