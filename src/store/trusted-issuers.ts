import { nowMs, nowSeconds } from '../util/clock.ts'
import type { JsonObject } from '../util/json.ts'
import { Copies } from './copies.ts'
import type { trustedIssuers } from './schema.ts'
import { askSource } from './source.ts'
import { bumpVersion } from './versions.ts'

/** Longest name of an issuer, in characters. */
export const MAX_ISSUER = 2048

/** A row as stored, its JSON as text. */
type Row = typeof trustedIssuers.$inferSelect & { readonly scope: string; readonly publicJwk: string }

/** An issuer whose assertions count for one subject, or for any with `subject` empty. Times in seconds. */
export interface TrustedIssuer {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly scope: readonly string[]
  readonly kid: string
  /** Tells keys of one `kid` apart (RFC 7638). */
  readonly thumbprint: string
  readonly publicJwk: JsonObject
  readonly createdAt: number
  readonly expiresAt: number
}

interface IssuerSet {
  readonly version: number
  readonly entries: readonly TrustedIssuer[]
}

/** A page of the list, ordered by id; `issuer` null shows all. */
export interface IssuerPage {
  readonly issuer: string | null
  readonly after: string | null
  readonly offset: number
  readonly limit: number
}

const COLUMNS = `id, issuer, subject, scope, kid, thumbprint, public_jwk AS publicJwk, created_at AS createdAt,
  expires_at AS expiresAt`

const DELETE_EXPIRED = 'DELETE FROM trusted_issuers WHERE issuer = ? AND expires_at <= ?'

/** One key id of an issuer stands for one key, and for each subject once. */
const INSERT = `INSERT INTO trusted_issuers
    (id, issuer, subject, scope, kid, thumbprint, public_jwk, created_at, expires_at)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE NOT EXISTS (SELECT 1 FROM trusted_issuers
    WHERE issuer = ?2 AND kid = ?5 AND (subject = ?3 OR thumbprint <> ?6)) RETURNING id`

const BUMP_OF = `INSERT INTO versions (name, value) SELECT ?1 || issuer, 1 FROM trusted_issuers WHERE id = ?2
  ON CONFLICT (name) DO UPDATE SET value = versions.value + 1`

const DELETE = 'DELETE FROM trusted_issuers WHERE id = ? RETURNING issuer'

const LIVE = 'FROM trusted_issuers WHERE expires_at > ?1 AND (?2 IS NULL OR issuer = ?2)'

const PURGE = `DELETE FROM trusted_issuers WHERE id IN
  (SELECT id FROM trusted_issuers WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`

const COUNTER = 'trusted_issuers:'

/**
 * Trusted issuers of JWT bearer assertions in D1, with copies for each issuer. What has expired is absent. Throws
 * `temporarily_unavailable` when storage fails.
 */
export class TrustedIssuerStore {
  readonly #db: D1Database
  readonly #copies: Copies<IssuerSet>

  constructor(db: D1Database, kv: KVNamespace) {
    this.#db = db
    this.#copies = new Copies('trusted-issuers', kv, (issuer) => this.#select(issuer))
  }

  /**
   * What an issuer is trusted with: from a copy, or `fresh` from the source, asked at most once a second. Names that are
   * too long are neither looked for nor remembered: anybody may send them.
   */
  async find(issuer: string, fresh: boolean): Promise<readonly TrustedIssuer[]> {
    if (issuer.length > MAX_ISSUER) return []
    const set = await (fresh ? this.#copies.fresh(issuer) : this.#copies.find(issuer))
    const now = nowSeconds()
    return (set?.entries ?? []).filter(({ expiresAt }) => expiresAt > now)
  }

  /** Stores a new entry; false when its issuer has the key for this subject, or another key under this `kid`. */
  async insert(entry: TrustedIssuer): Promise<boolean> {
    const { id, issuer, subject, scope, kid, thumbprint, publicJwk, createdAt, expiresAt } = entry
    const texts = [id, issuer, subject, JSON.stringify(scope), kid, thumbprint, JSON.stringify(publicJwk)]
    const [, inserted] = await askSource(() =>
      this.#db.batch([
        this.#db.prepare(DELETE_EXPIRED).bind(issuer, createdAt),
        this.#db.prepare(INSERT).bind(...texts, createdAt, expiresAt),
        bumpVersion(this.#db, COUNTER + issuer),
      ]),
    )
    if (inserted?.results.length !== 1) return false
    await this.#republish(issuer)
    return true
  }

  /** The entry of an id, from the source. */
  async read(id: string): Promise<TrustedIssuer | undefined> {
    const query = `SELECT ${COLUMNS} FROM trusted_issuers WHERE id = ? AND expires_at > ?`
    const row = await askSource(() => this.#db.prepare(query).bind(id, nowSeconds()).first<Row>())
    return row === null ? undefined : toEntry(row)
  }

  /** Deletes an entry; false when there was none. */
  async remove(id: string): Promise<boolean> {
    const [, removed] = await askSource(() =>
      this.#db.batch<Pick<Row, 'issuer'>>([
        this.#db.prepare(BUMP_OF).bind(COUNTER, id),
        this.#db.prepare(DELETE).bind(id),
      ]),
    )
    const issuer = removed?.results[0]?.issuer
    if (issuer === undefined) return false
    await this.#republish(issuer)
    return true
  }

  /** One page of entries, ordered by id. */
  async list({ issuer, after, offset, limit }: IssuerPage): Promise<readonly TrustedIssuer[]> {
    const query = `SELECT ${COLUMNS} ${LIVE} AND (?3 IS NULL OR id > ?3) ORDER BY id LIMIT ?4 OFFSET ?5`
    const values = [nowSeconds(), issuer, after, limit, offset]
    const { results } = await askSource(() =>
      this.#db
        .prepare(query)
        .bind(...values)
        .all<Row>(),
    )
    return results.map(toEntry)
  }

  /** How many entries there are, of one issuer or of all. */
  async count(issuer: string | null): Promise<number> {
    const counted = this.#db.prepare(`SELECT count(*) AS total ${LIVE}`).bind(nowSeconds(), issuer)
    return (await askSource(() => counted.first<number>('total'))) ?? 0
  }

  /** Deletes at most `batch` expired rows. */
  async purge(now: number, batch: number): Promise<void> {
    await askSource(() => this.#db.prepare(PURGE).bind(now, batch).run())
  }

  async #republish(issuer: string): Promise<void> {
    const readAt = nowMs()
    const set = await askSource(() => this.#select(issuer))
    if (set !== undefined) await this.#copies.put(issuer, set, readAt)
  }

  // The counter stays when the last entry goes, so an empty set outranks older copies that had some.
  async #select(issuer: string): Promise<IssuerSet | undefined> {
    const [counter, found] = await this.#db.batch<Row & { readonly value: number }>([
      this.#db.prepare('SELECT value FROM versions WHERE name = ?').bind(COUNTER + issuer),
      this.#db.prepare(`SELECT ${COLUMNS} ${LIVE}`).bind(nowSeconds(), issuer),
    ])
    const version = counter?.results[0]?.value
    return version === undefined ? undefined : { version, entries: (found?.results ?? []).map(toEntry) }
  }
}

function toEntry({ scope, publicJwk, ...row }: Row): TrustedIssuer {
  return { ...row, scope: JSON.parse(scope), publicJwk: JSON.parse(publicJwk) }
}
