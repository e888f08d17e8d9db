import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Mistakes by the line: what is marked does not compile, and what stands beside it does. */
const REFUSED = '// refused'

const TRAPS = {
  'a row of columns that are not there, or of another kind': `
    import { seconds } from '@src/util/clock.ts'
    import { grantIdOf } from '@src/util/ids.ts'
    import type { Tables } from '@src/ledger/tables.ts'
    export function rows(tables: Tables, limit: number) {
      tables.insert('blobs', { id: 'a', data: 'b', expires: seconds(1) })
      tables.insert('blobs', { id: 'a', data: 'b' }) ${REFUSED}
      tables.insert('blobs', { id: 'a', data: 1, expires: seconds(1) }) ${REFUSED}
      tables.insert('blobs', { id: 'a', data: 'b', expires: seconds(1), kind: 'c' }) ${REFUSED}
      tables.insert('grants', { id: 1, revoked: 'yes', expires: 'tomorrow' }) ${REFUSED}
      tables.update('grants', grantIdOf('a'), { revoked: 1, tokens_end: null })
      tables.update('grants', grantIdOf('a'), { revoked: 'yes' }) ${REFUSED}
      tables.update('grants', grantIdOf('a'), { sid: null }) ${REFUSED}
      tables.update('grants', grantIdOf('a'), { id: grantIdOf('b') }) ${REFUSED}
      const [row] = tables.select('grants', ['id', 'record'], 'LIMIT ?', limit)
      tables.select('grants', ['no_such_column']) ${REFUSED}
      tables.select('no_such_table', ['id']) ${REFUSED}
      tables.extreme('grants', 'MIN', 'no_such_column') ${REFUSED}
      const [whole] = tables.select('sessions', '*')
      return [
        row?.record,
        row?.sid, ${REFUSED}
        whole?.subject.toUpperCase(),
        whole?.ends.toFixed(), ${REFUSED}
        whole?.no_such_column, ${REFUSED}
      ]
    }`,
  'stored JSON that nobody checked': `
    import { fitting, readStored } from '@src/errors/stored-json.ts'
    import type { GrantRecord } from '@src/ledger/types.ts'
    import { isText, objectOf } from '@src/util/guard.ts'
    export const believed = (text: string) => readStored(text, 'a', (value) => value).subject ${REFUSED}
    export const claimed = (text: string) => readStored<GrantRecord>(text, 'a', (value) => value) ${REFUSED}
    export const sound = fitting(objectOf<Pick<GrantRecord, 'subject'>>({ subject: isText }))
    export const wrong = objectOf<Pick<GrantRecord, 'scope'>>({ scope: isText }) ${REFUSED}
    export const short = objectOf<Pick<GrantRecord, 'subject' | 'scope'>>({ subject: isText }) ${REFUSED}
    export const read = (text: string) => readStored(text, 'a', sound).subject`,
  'a column of JSON taken for its text': `
    import type { trustedIssuers } from '@src/store/schema.ts'
    type Row = typeof trustedIssuers.$inferSelect
    export const list = (row: Row) => row.scope.map((scope) => scope.toUpperCase())
    export const text = (row: Row) => row.scope.toUpperCase() ${REFUSED}`,
  'a field of client metadata taken for another, or for one of another kind': `
    import type { ClientMetadata } from '@src/store/types.ts'
    export const age = (metadata: ClientMetadata) => metadata.default_max_age?.toFixed()
    export const text = (metadata: ClientMetadata) => metadata.default_max_age?.toUpperCase() ${REFUSED}
    export const member = (metadata: ClientMetadata) => metadata.openid ${REFUSED}
    export const typo = (metadata: ClientMetadata) => metadata.redirect_uri ${REFUSED}`,
  'an owner, a session, a grant and a client in the place of each other': `
    import type { Ledgers } from '@src/ledger/client.ts'
    import { directoryOf, grantIdFor, type Owner } from '@src/ledger/owner.ts'
    import { type ClientId, clientIdOf, type GrantId, type Sid } from '@src/util/ids.ts'
    import { seconds } from '@src/util/clock.ts'
    export async function calls(ledgers: Ledgers, owner: Owner, sid: Sid, id: GrantId, clientId: ClientId) {
      const attempt = 'attempt'
      const flowLifetime = seconds(1800)
      await ledgers.call(owner, 'session', { sid })
      await ledgers.call(sid, 'session', { sid }) ${REFUSED}
      await ledgers.call('client id', 'session', { sid }) ${REFUSED}
      await ledgers.call(owner, 'session', { sid: owner }) ${REFUSED}
      await ledgers.call(owner, 'session', { sid: id }) ${REFUSED}
      await ledgers.call(owner, 'session', { sid: 'anything' }) ${REFUSED}
      await ledgers.call(owner, 'revokeGrants', { attempt, target: { id }, flowLifetime })
      await ledgers.call(owner, 'revokeGrants', { attempt, target: { id: sid }, flowLifetime }) ${REFUSED}
      await ledgers.call(owner, 'revokeGrants', { attempt, target: { clientId: id }, flowLifetime }) ${REFUSED}
      await ledgers.call(owner, 'revokeGrant', { attempt, id, clientId, flowLifetime })
      await ledgers.call(owner, 'revokeGrant', { attempt, id: clientId, clientId: id, flowLifetime }) ${REFUSED}
      await ledgers.call(directoryOf(sid, 'none'), 'bindSession', { sid, owner })
      await ledgers.call(directoryOf(sid, 'none'), 'bindSession', { sid: owner, owner: sid }) ${REFUSED}
      return [grantIdFor(sid), grantIdFor(clientIdOf('a'))] ${REFUSED}
    }`,
  'milliseconds in the place of seconds': `
    import type { Envelopes } from '@src/crypto/envelope.ts'
    import type { Ledgers } from '@src/ledger/client.ts'
    import type { Owner } from '@src/ledger/owner.ts'
    import { after, milliseconds, msOf, nowMs, nowSeconds, seconds, secondsOf } from '@src/util/clock.ts'
    export async function times(ledgers: Ledgers, envelopes: Envelopes, owner: Owner) {
      const attempt = 'attempt'
      await ledgers.call(owner, 'revokeGrants', { attempt, target: 'all', flowLifetime: seconds(1800) })
      await ledgers.call(owner, 'revokeGrants', { attempt, target: 'all', flowLifetime: nowMs() }) ${REFUSED}
      await ledgers.call(owner, 'revokeGrants', { attempt, target: 'all', flowLifetime: 1800 }) ${REFUSED}
      await ledgers.call(owner, 'pollDevice', { id: 'a', intervalMs: msOf(seconds(5)) })
      await ledgers.call(owner, 'pollDevice', { id: 'a', intervalMs: seconds(5) }) ${REFUSED}
      await ledgers.call(owner, 'putBlob', { id: 'a', data: 'b', expiresAt: after(nowSeconds(), seconds(60)) })
      await ledgers.call(owner, 'putBlob', { id: 'a', data: 'b', expiresAt: after(nowMs(), seconds(60)) }) ${REFUSED}
      await envelopes.seal('code', {}, secondsOf(nowMs()))
      await envelopes.seal('code', {}, nowMs()) ${REFUSED}
      await envelopes.seal('code', {}, seconds(nowMs())) ${REFUSED}
      return milliseconds(nowSeconds()) ${REFUSED}
    }`,
  'a writer among the reads': `
    import { inspect } from '@src/ledger/grants.ts'
    import type { Reads } from '@src/ledger/reads.ts'
    import { login } from '@src/ledger/sessions.ts'
    import type { View } from '@src/ledger/transaction.ts'
    import type { Writes } from '@src/ledger/writes.ts'
    export const reads = {
      inspect,
      login, ${REFUSED}
    } satisfies Reads
    export const writes = { inspect, login } satisfies Writes
    export function careless({ tables }: View) {
      tables.delete('blobs', ['a']) ${REFUSED}
      return tables.find('blobs', 'a')
    }`,
}

const traps = Object.entries(TRAPS).map(([name, text], at) => ({ name, text, file: `trap-${at}.ts` }))

/** Lines of a trap, counted from 1, for which a test holds. */
const linesOf = (text: string, test: (line: string) => boolean): readonly number[] =>
  text.split('\n').flatMap((line, at) => (test(line) ? [at + 1] : []))

/** What the compiler says of the traps, all in one run: the lines it refuses, by file. */
async function compile(): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const folder = await mkdtemp(join(tmpdir(), 'type-traps-'))
  try {
    for (const { file, text } of traps) {
      await writeFile(join(folder, file), text.replaceAll('@src/', join(ROOT, 'src/')))
    }
    const modules = join(ROOT, 'node_modules')
    const config = {
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: {
        types: ['@cloudflare/workers-types', 'node'],
        typeRoots: [modules, join(modules, '@types')],
        noUnusedLocals: false,
      },
      include: [],
      files: traps.map(({ file }) => file),
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = promisify(execFile)(process.execPath, [
      join(modules, 'typescript/bin/tsc'),
      ...['--project', folder, '--pretty', 'false'],
    ])
    const said = await tsc.catch((failed: { readonly stdout: string }) => failed)
    const refusals = new Map<string, Set<number>>()
    for (const [, path = '', line] of said.stdout.matchAll(/^(.*?)\((\d+),\d+\): error/gm)) {
      const file = path.split('/').at(-1) ?? ''
      refusals.set(file, (refusals.get(file) ?? new Set()).add(Number(line)))
    }
    return refusals
  } finally {
    await rm(folder, { recursive: true })
  }
}

let refused: ReadonlyMap<string, ReadonlySet<number>>

beforeAll(async () => {
  refused = await compile()
})

describe('the compiler refuses', () => {
  it.each(traps)('$name, and nothing beside it', ({ text, file }) => {
    const marked = linesOf(text, (line) => line.endsWith(REFUSED))
    expect(marked.length).toBeGreaterThan(0)
    expect(refused.get(file)).toEqual(new Set(marked))
  })

  it('nothing but the traps', () => {
    const files = traps.map(({ file }) => file)
    expect([...refused.keys()].filter((file) => !files.includes(file))).toEqual([])
  })
})
