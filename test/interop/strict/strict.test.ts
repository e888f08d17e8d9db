import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { corpus, digestOf } from './corpus.ts'
import type { Document } from './documents.ts'
import { type Recorded, readerOf } from './readers/reader.ts'

const folder = new URL('./recorded/', import.meta.url)
const records = readdirSync(folder).map((file) => ({
  id: file.replace('.json', ''),
  ...(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Recorded),
}))

/** The documents that a release would meet: of its kinds, at its paths. */
const metBy = ({ kinds, paths }: Recorded, documents: readonly Document[]): readonly Document[] =>
  documents.filter((one) => one.kind in kinds && (one.paths === 'public' || one.paths === paths))

describe.each(records)('$id', (record) => {
  const read = readerOf(record)

  it('is reproduced: each verdict over the corpus', () => {
    const documents = metBy(record, corpus())
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
})
