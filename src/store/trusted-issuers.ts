import { nowSeconds } from '../util/clock.ts'
import type { JsonObject } from '../util/json.ts'
import { columnsOf } from './columns.ts'
import { purging } from './purge.ts'
import type { trustedIssuers } from './schema.ts'
import { Sets } from './sets.ts'
import { askSource } from './source.ts'

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

/** A page of the list, ordered by id; `issuer` null shows all. */
export interface IssuerPage {
  readonly issuer: string | null
  readonly after: string | null
  readonly offset: number
  readonly limit: number
}

const { selected, written, parameters, values } = columnsOf([
  'id',
  'issuer',
  'subject',
  'scope',
  'kid',
  'thumbprint',
  'publicJwk',
  'createdAt',
  'expiresAt',
])

const DELETE_EXPIRED = 'DELETE FROM trusted_issuers WHERE issuer = ? AND expires_at <= ?'

/** One key id of an issuer stands for one key, and for each subject once. */
const INSERT = `INSERT INTO trusted_issuers (${written})
  SELECT ${parameters} WHERE NOT EXISTS (SELECT 1 FROM trusted_issuers
    WHERE issuer = ?2 AND kid = ?5 AND (subject = ?3 OR thumbprint <> ?6)) RETURNING id`

const SELECT = `SELECT ${selected} FROM trusted_issuers WHERE`

const LIVE = 'expires_at > ?1 AND (?2 IS NULL OR issuer = ?2)'

/**
 * Trusted issuers of JWT bearer assertions in D1, with copies for each issuer. What has expired is absent. Throws
 * `temporarily_unavailable` when storage fails.
 */
export class TrustedIssuerStore {
  readonly #db: D1Database
  readonly #sets: Sets<Row, TrustedIssuer>

  constructor(db: D1Database, kv: KVNamespace) {
    this.#db = db
    this.#sets = new Sets(
      db,
      kv,
      // Copies under the name 'trusted-issuers' had another form.
      'issuers',
      (issuer) => `trusted_issuers:${issuer}`,
      (issuer) => db.prepare(`${SELECT} issuer = ?`).bind(issuer),
      toEntry,
    )
  }

  /**
   * What an issuer is trusted with: from a copy, or `fresh` from the source, asked at most once a second. Names that are
   * too long are neither looked for nor remembered: anybody may send them.
   */
  async find(issuer: string, fresh: boolean): Promise<readonly TrustedIssuer[]> {
    if (issuer.length > MAX_ISSUER) return []
    const now = nowSeconds()
    return (await this.#sets.list(issuer, fresh)).filter(({ expiresAt }) => expiresAt > now)
  }

  /** Stores a new entry; false when its issuer has the key for this subject, or another key under this `kid`. */
  async insert(entry: TrustedIssuer): Promise<boolean> {
    const { issuer, scope, publicJwk, createdAt } = entry
    const row = { ...entry, scope: JSON.stringify(scope), publicJwk: JSON.stringify(publicJwk) }
    const { returned } = await this.#sets.write(
      issuer,
      this.#db.prepare(DELETE_EXPIRED).bind(issuer, createdAt),
      this.#db.prepare(INSERT).bind(...values<string | number>(row)),
    )
    return returned[1]?.length === 1
  }

  /** The entry of an id, from the source. */
  async read(id: string): Promise<TrustedIssuer | undefined> {
    const query = this.#db.prepare(`${SELECT} id = ? AND expires_at > ?`).bind(id, nowSeconds())
    const row = await askSource(() => query.first<Row>())
    return row === null ? undefined : toEntry(row)
  }

  /** Deletes an entry; false when there was none. */
  async remove(id: string): Promise<boolean> {
    const query = this.#db.prepare('SELECT issuer FROM trusted_issuers WHERE id = ?').bind(id)
    const issuer = await askSource(() => query.first<string>('issuer'))
    if (issuer === null) return false
    const remove = this.#db.prepare('DELETE FROM trusted_issuers WHERE id = ? RETURNING id').bind(id)
    const { returned } = await this.#sets.write(issuer, remove)
    return returned[0]?.length === 1
  }

  /** One page of entries, ordered by id. */
  async list({ issuer, after, offset, limit }: IssuerPage): Promise<readonly TrustedIssuer[]> {
    const query = this.#db
      .prepare(`${SELECT} ${LIVE} AND (?3 IS NULL OR id > ?3) ORDER BY id LIMIT ?4 OFFSET ?5`)
      .bind(nowSeconds(), issuer, after, limit, offset)
    return (await askSource(() => query.all<Row>())).results.map(toEntry)
  }

  /** How many entries there are, of one issuer or of all. */
  async count(issuer: string | null): Promise<number> {
    const counted = this.#db
      .prepare(`SELECT count(*) AS total FROM trusted_issuers WHERE ${LIVE}`)
      .bind(nowSeconds(), issuer)
    return (await askSource(() => counted.first<number>('total'))) ?? 0
  }

  /** Deletes at most `batch` expired rows. */
  async purge(now: number, batch: number): Promise<void> {
    await askSource(() => purging(this.#db, 'trusted_issuers', now, batch).run())
  }
}

function toEntry({ scope, publicJwk, ...row }: Row): TrustedIssuer {
  return { ...row, scope: JSON.parse(scope), publicJwk: JSON.parse(publicJwk) }
}
