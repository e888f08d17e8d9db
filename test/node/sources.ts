import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** One import of a module of ours. */
export interface Import {
  /** Path from the repository's root. */
  readonly target: string
  /** Whether nothing of it is left at run time. */
  readonly typeOnly: boolean
}

/** A source file of ours. */
export interface Source {
  /** Path from the repository's root. */
  readonly path: string
  readonly text: string
  readonly lines: number
  readonly imports: readonly Import[]
}

/** Every TypeScript file below a folder of the repository. */
export function sourcesIn(folder: string): readonly Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(join(folder, name)))
}

function read(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8')
  return { path, text, lines: text.trimEnd().split('\n').length, imports: importsOf(path, text) }
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"](\.[^'"]+)['"]/gm
const EXPRESSION = /\bimport\(\s*['"](\.[^'"]+)['"]\s*\)(\.\w)?/g

function importsOf(path: string, text: string): readonly Import[] {
  const resolved = (target: string): string => relative(ROOT, resolve(ROOT, dirname(path), target))
  return [
    ...[...text.matchAll(STATEMENT)].map(([, type, target = '']) => ({
      target: resolved(target),
      typeOnly: type !== undefined,
    })),
    // `import('./env.ts').Env` is a type; a dynamic import is awaited as a whole.
    ...[...text.matchAll(EXPRESSION)].map(([, target = '', member]) => ({
      target: resolved(target),
      typeOnly: member !== undefined,
    })),
  ]
}
