import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../../support/server.ts'
import { collect } from './collect.ts'
import { corpus, digestOf } from './corpus.ts'
import type { Document } from './documents.ts'
import { type Recorded, readerOf } from './readers/reader.ts'
import { unreadable } from './unreadable.ts'

const folder = new URL('./recorded/', import.meta.url)
/** A start and some two hundred requests, in milliseconds; a busy machine takes long. */
const COLLECT_WITHIN_MS = 240_000

const everyDocument = corpus()
const records = readdirSync(folder).map((file) => ({
  id: file.replace('.json', ''),
  ...(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Recorded),
}))

/** The documents that a release would meet: of its kinds, at its paths. */
const metBy = ({ kinds, paths }: Recorded, documents: readonly Document[]): readonly Document[] =>
  documents.filter((one) => one.kind in kinds && (one.paths === 'public' || one.paths === paths))

interface Ran {
  readonly software: string
  readonly version: string
  readonly date: string
  readonly works: readonly string[]
  readonly fails: Readonly<Record<string, string>>
}

let server: RunningServer
let answers: readonly Document[]

beforeAll(async () => {
  server = await startServer({ vars: { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' } })
  answers = await collect(server)
}, COLLECT_WITHIN_MS)

afterAll(async () => {
  await server?.stop()
})

describe.each(records)('$id', (record) => {
  const read = readerOf(record)

  it('is reproduced: each verdict over the corpus', () => {
    const documents = metBy(record, everyDocument)
    const differ = documents.flatMap((document) => {
      const said = record.refused[document.name]
      const members = read(document)
      const same =
        said === undefined ? members.length === 0 : members.some((one) => said === '' || said === one)
      return same ? [] : [`${document.name}: ${said ?? 'taken'}; here ${members.join(', ') || 'taken'}`]
    })
    expect(differ).toEqual([])
    const again = 'the corpus has changed: node test/interop/heavy/run.ts models'
    expect(digestOf(documents), again).toBe(record.read)
  })
  it('reads what a running Ladon answers, but for what it cannot', () => {
    const known = unreadable[record.id] ?? {}
    const refused = metBy(record, answers).flatMap((document) =>
      read(document).map((member) => {
        const any = `${document.kind} *`
        return any in known ? any : `${document.kind} ${member}`
      }),
    )
    expect([...new Set(refused)].sort()).toEqual(Object.keys(known).sort())
  })
})

describe('docs/interop.md', () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
  const docs = read('../../../docs/interop.md')
  const ran: readonly Ran[] = JSON.parse(read('../heavy/operations.json'))

  it.each(ran)('tells of $software $version', ({ software, version, date, works, fails }) => {
    const [day, month] = [Number(date.slice(8)), new Date(date).toLocaleString('en', { month: 'long' })]
    expect(docs).toContain(`${day} ${month} ${date.slice(0, 4)}`)
    for (const one of version.split(', ')) expect(docs).toContain(one.split(' ')[0])
    if (/hydra-client \(/.test(software)) {
      const all = works.length + Object.keys(fails).length
      expect(docs).toMatch(new RegExp(`${version.split(' ')[0]}\\b.*\\| ${works.length} of ${all} \\|`))
    }
  })
})
