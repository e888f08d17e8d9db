import { Envelopes } from '../../src/crypto/envelope.ts'
import { RootKeys } from '../../src/crypto/root-keys.ts'
import type { RootKeyRow, RootKeySource, SigningKeyRow, SigningKeySource } from '../../src/crypto/types.ts'

export const SECRET = 'first-system-secret-of-32-characters'
export const OTHER_SECRET = 'other-system-secret-of-32-characters'

/** What both sources do: count reads, fail on demand, and answer later than asked, so that races show. */
class Rows<Row> {
  rows: Row[] = []
  /** What a copy still shows to a read that is not fresh; undefined: the rows themselves. */
  copy: readonly Row[] | undefined
  reads = 0
  writes = 0
  down = false

  async answer(fresh: boolean): Promise<readonly Row[]> {
    this.reads += 1
    await this.wait()
    return [...(fresh ? this.rows : (this.copy ?? this.rows))]
  }

  async wait(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1))
    if (this.down) throw new TypeError('network down')
  }
}

/** Root key rows in memory, shared by all isolates a test plays. */
export class MemoryRootKeys extends Rows<RootKeyRow> implements RootKeySource {
  list(fresh: boolean): Promise<readonly RootKeyRow[]> {
    return this.answer(fresh)
  }

  async insertFirst(row: RootKeyRow): Promise<readonly RootKeyRow[]> {
    await this.wait()
    this.writes += 1
    if (this.rows.length === 0) this.rows.push(row)
    return [...this.rows]
  }

  async rewrap(id: string, from: string, to: string): Promise<void> {
    await this.wait()
    this.writes += 1
    this.rows = this.rows.map((row) => (row.id === id && row.sealed === from ? { ...row, sealed: to } : row))
  }
}

/** Signing key rows in memory, newest first. */
export class MemorySigningKeys extends Rows<SigningKeyRow> implements SigningKeySource {
  async list(set: string, fresh: boolean): Promise<readonly SigningKeyRow[]> {
    return (await this.answer(fresh)).filter((row) => row.set === set)
  }

  async insertFirst(row: SigningKeyRow, unable: readonly string[]): Promise<readonly SigningKeyRow[]> {
    await this.wait()
    this.writes += 1
    const others = this.rows.filter((known) => known.set === row.set && !unable.includes(known.kid))
    if (others.length === 0) this.rows.unshift(row)
    return this.rows.filter((known) => known.set === row.set)
  }
}

/** Envelopes of one isolate over a source. */
export const envelopesOver = (source: RootKeySource, ...secrets: readonly string[]): Envelopes =>
  new Envelopes(new RootKeys(source, secrets.length > 0 ? secrets : [SECRET]))

/** A root key row of format 1 under SECRET, holding the bytes 0 to 31. Never changes: it shows that old rows stay readable. */
export const SAMPLE_ROW: RootKeyRow = {
  id: 'c2FtcGxl',
  sealed:
    '1.4u_iTdzSAT05CY2eyVUfHcS3WXgOtQCQs4loi9LeNs200FPsOpA_Bf0rn_RQ1ZFjUC8DI_VucEjOoi1YOe6sUKXpNv1FgNSE',
  createdAt: 1,
}
