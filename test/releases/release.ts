import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { unstable_readConfig } from 'wrangler'
import { MIGRATIONS, WRANGLER_TOML } from '../../src/dev/paths.ts'
import { runTool } from '../../src/dev/tools.ts'
import { PROTOCOL } from '../../src/ledger/protocol.ts'

/** Where the releases are kept, a folder each. */
export const KEPT = fileURLToPath(new URL('./', import.meta.url))

/** What is noted beside the bundle of a release that is kept. */
export const Note = v.strictObject({
  version: v.string(),
  /** The number that its Workers tell ledgers (src/ledger/protocol.ts). */
  protocol: v.number(),
  compatibilityDate: v.string(),
  compatibilityFlags: v.array(v.string()),
})
export type Note = v.InferOutput<typeof Note>

/** A release as it is deployed. */
export interface Release {
  readonly note: Note
  /** The bundle, one module. */
  readonly script: string
  /** The text of its D1 migrations, in their order, by file name. */
  readonly migrations: ReadonlyMap<string, string>
}

/** Returns what is in this checkout as a release. `minify` bundles it as deployments do. */
export async function thisRelease(version: string, minify = false): Promise<Release> {
  const directory = await mkdtemp(join(tmpdir(), 'ladon-release-'))
  try {
    const more = minify ? ['--minify'] : []
    const bundled = await runTool('wrangler', ['deploy', '--dry-run', ...more, '--outdir', directory], true)
    if (bundled.code !== 0) throw new Error(bundled.output)
    const config = unstable_readConfig({ config: WRANGLER_TOML })
    return {
      note: {
        version,
        protocol: PROTOCOL,
        compatibilityDate: config.compatibility_date ?? '',
        compatibilityFlags: config.compatibility_flags,
      },
      script: await readFile(join(directory, 'index.js'), 'utf8'),
      migrations: await migrationsIn(MIGRATIONS),
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Returns the last release that is kept; undefined if there is none yet. */
export async function lastRelease(): Promise<Release | undefined> {
  const folders = (await readdir(KEPT, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const last = folders
    .map(({ name }) => name)
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
    .at(-1)
  if (last === undefined) return undefined
  const folder = join(KEPT, last)
  return {
    note: v.parse(Note, JSON.parse(await readFile(join(folder, 'release.json'), 'utf8'))),
    script: await readFile(join(folder, 'index.js'), 'utf8'),
    migrations: await migrationsIn(join(folder, 'migrations')),
  }
}

async function migrationsIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const texts = names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)
  return new Map(await Promise.all(texts))
}

/** What a release does to the calls of ledgers: it only adds, or it also gives one a new meaning and raises the number. */
export type Next = 'added' | 'raised'

/**
 * Returns a release that could follow one whose bundle is not minified: tokens are inspected by a method that the
 * ledgers did not have, and grants are revoked with an argument that they did not know.
 */
export function nextRelease({ note, script, migrations }: Release, next: Next): Release {
  const protocol = note.protocol + (next === 'raised' ? 1 : 0)
  const changes: readonly (readonly [RegExp, string])[] = [
    [/^var PROTOCOL = \d+;$/m, `var PROTOCOL = ${protocol};`],
    [/^ {2}inspect: (\{ id: true, .*) \},$/m, '  inspect: $1 },\n  inspectLater: $1, since: true },'],
    [/^ {2}inspect,$/m, '  inspect,\n  inspectLater: inspect,'],
    [/\.call\((\w+), "inspect", \{ /, '.call($1, "inspectLater", { since: 1, '],
    [/^ {2}revokeGrant: \{ (.*) \},$/m, '  revokeGrant: { $1, since: true },'],
    [/\.call\(([\w.]+), "revokeGrant", \{/, '.call($1, "revokeGrant", { since: 1,'],
  ]
  const changed = changes.reduce((text, [from, to]) => {
    const found = text.match(new RegExp(from.source, 'gm'))?.length
    if (found !== 1) throw new Error(`${found ?? 0} places of the bundle look like ${from}`)
    return text.replace(from, to)
  }, script)
  return { note: { ...note, version: next, protocol }, script: changed, migrations }
}
