import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What was run, for `docs/proof.md`. */
export async function versions(): Promise<Readonly<Record<string, string>>> {
  const workerd: { readonly version: string } = JSON.parse(
    await readFile('node_modules/workerd/package.json', 'utf8'),
  )
  const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim()
  const dirty =
    git('status', '--porcelain', 'src', 'migrations', 'wrangler.toml') === '' ? '' : ' with changes'
  return {
    commit: git('rev-parse', '--short', 'HEAD') + dirty,
    node: process.version,
    workerd: workerd.version,
    date: new Date().toISOString().slice(0, 16),
  }
}

/** Appends a line of JSON to a file and shows it. */
export async function record(file: string | undefined, result: object): Promise<void> {
  const line = JSON.stringify(result)
  console.log(line)
  if (file === undefined) return
  await mkdir(dirname(file), { recursive: true })
  await appendFile(file, `${line}\n`)
}

/** Counts by name. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  /** The counts, the largest first. */
  toJSON(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].toSorted(([, one], [, other]) => other - one))
  }
}
