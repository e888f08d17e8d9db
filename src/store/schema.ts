import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import type { JWK } from 'jose'
import * as v from 'valibot'
import { type Seconds, seconds } from '../util/clock.ts'
import type { ClientId, GrantId } from '../util/ids.ts'
import { isJsonObject, type JsonObject } from '../util/json.ts'
import { initialAccess } from './client-field.ts'
import { clientBounds, clientMetadata } from './client-metadata.ts'
import { jsonColumn } from './json-column.ts'

const texts = v.pipe(v.array(v.string()), v.readonly())
const times = v.pipe(v.record(v.string(), v.pipe(v.number(), v.transform(seconds))), v.readonly())
const object = v.custom<JsonObject>(isJsonObject)
const publicJwk = v.custom<JWK>((value) => isJsonObject(value) && typeof value['kty'] === 'string')

/** Registered clients. `name` and `owner` repeat fields of the metadata, for the filters of the list. */
export const clients = sqliteTable(
  'clients',
  {
    id: text('id').$type<ClientId>().primaryKey(),
    version: integer('version').notNull(),
    instance: text('instance').notNull(),
    accessEpoch: integer('access_epoch').notNull(),
    secretHash: text('secret_hash'),
    rotatedSecretHashes: jsonColumn('rotated_secret_hashes', texts).notNull().default(sql`'[]'`),
    name: text('name').notNull(),
    owner: text('owner').notNull(),
    metadata: jsonColumn('metadata', clientMetadata).notNull(),
    createdAt: integer('created_at').$type<Seconds>().notNull(),
    updatedAt: integer('updated_at').$type<Seconds>().notNull(),
    registrationEpoch: integer('registration_epoch').notNull().default(0),
    registrationUsed: integer('registration_used').notNull().default(0),
    consentEpoch: integer('consent_epoch').notNull().default(0),
    bounds: jsonColumn('bounds', clientBounds),
    initialAccess: jsonColumn('initial_access', initialAccess),
    usedAt: integer('used_at').$type<Seconds>(),
    unusedTtl: integer('unused_ttl').$type<Seconds>(),
    secretExpiries: jsonColumn('secret_expiries', times).notNull().default(sql`'{}'`),
  },
  (table) => [
    index('clients_by_name').on(table.name, table.id),
    index('clients_by_owner').on(table.owner, table.id),
    // Only of clients that registered themselves: the others cost nothing.
    index('clients_by_use').on(table.usedAt).where(sql`used_at IS NOT NULL`),
  ],
)

/** Root keys, each sealed under a key that is derived from a system secret. */
export const rootKeys = sqliteTable('root_keys', {
  id: text('id').primaryKey(),
  sealed: text('sealed').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** Signing keys by set. The private half is stored only as a sealed envelope. */
export const jsonWebKeys = sqliteTable(
  'json_web_keys',
  {
    set: text('set').notNull(),
    kid: text('kid').notNull(),
    alg: text('alg').notNull(),
    publicJwk: jsonColumn('public_jwk', publicJwk).notNull(),
    privateSealed: text('private_sealed').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.set, table.kid] })],
)

/**
 * Counters that only grow: the versions of sets of rows, and under `clients` the highest version of any deleted client,
 * so that a client that is created again under the same id has a higher version than every copy of the old one.
 */
export const versions = sqliteTable('versions', {
  name: text('name').primaryKey(),
  value: integer('value').notNull(),
})

/**
 * The grants book: one row for each subject and client, for questions across subjects. No request is decided by it. The
 * table is WITHOUT ROWID, which drizzle cannot say: its migration does. So a new row costs two, itself and its place in
 * the index, and a change costs one. Expired rows are found by walking through the table (book-walk.ts). In which
 * jurisdictions something of it is alive, a letter each, counts while `jurisdictions_at` is the last grant
 * (book-places.ts). `last_writes` has the marks of the last four writes, of eight characters each (book-writes.ts).
 */
export const grantsBook = sqliteTable(
  'grants_book',
  {
    subject: text('subject').notNull(),
    clientId: text('client_id').$type<ClientId>().notNull(),
    scope: jsonColumn('scope', texts).notNull(),
    grantedAt: integer('granted_at').$type<Seconds>().notNull(),
    lastGrantedAt: integer('last_granted_at').$type<Seconds>().notNull(),
    expiresAt: integer('expires_at').$type<Seconds>(),
    endedAt: integer('ended_at').$type<Seconds>(),
    jurisdictions: text('jurisdictions'),
    jurisdictionsAt: integer('jurisdictions_at').$type<Seconds>(),
    lastWrites: text('last_writes').notNull().default(''),
  },
  (table) => [
    primaryKey({ columns: [table.subject, table.clientId] }),
    index('grants_book_by_client').on(table.clientId, table.subject),
  ],
)

/** The grants book of releases before 0.3.0: a row for each grant. It is only emptied, and goes with the next release. */
export const grants = sqliteTable(
  'grants',
  {
    id: text('id').$type<GrantId>().primaryKey(),
    subject: text('subject').notNull(),
    clientId: text('client_id').$type<ClientId>().notNull(),
    scope: jsonColumn('scope', texts).notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at'),
    revokedAt: integer('revoked_at'),
  },
  (table) => [index('grants_by_expiry').on(table.expiresAt)],
)

/**
 * Issuers whose JWTs the JWT bearer grant accepts. An empty subject stands for any. The thumbprint distinguishes keys
 * of the same kid.
 */
export const trustedIssuers = sqliteTable(
  'trusted_issuers',
  {
    id: text('id').primaryKey(),
    issuer: text('issuer').notNull(),
    subject: text('subject').notNull(),
    scope: jsonColumn('scope', texts).notNull(),
    kid: text('kid').notNull(),
    thumbprint: text('thumbprint').notNull(),
    publicJwk: jsonColumn('public_jwk', object).notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    uniqueIndex('trusted_issuers_by_issuer').on(table.issuer, table.kid, table.subject),
    index('trusted_issuers_by_expiry').on(table.expiresAt),
  ],
)

/**
 * What operators changed through the admin API: copies of its audit lines. An id begins with the time, milliseconds
 * since the epoch in 13 digits, so ids are in the order of time, and a row's age needs no index of its own.
 */
export const auditLog = sqliteTable(
  'audit_log',
  {
    id: text('id').primaryKey(),
    event: text('event').notNull(),
    actor: text('actor').notNull(),
    subHash: text('sub_hash'),
    clientId: text('client_id').$type<ClientId>(),
    entry: jsonColumn('entry', object).notNull(),
  },
  (table) => [index('audit_log_by_subject').on(table.subHash, table.id)],
)

/** How the last runs of the scheduled job went: one row for each name. */
export const upkeep = sqliteTable('upkeep', {
  name: text('name').primaryKey(),
  ranAt: integer('ran_at').$type<Seconds>().notNull(),
  succeededAt: integer('succeeded_at').$type<Seconds>(),
  result: jsonColumn('result', object).notNull(),
})
