import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Import, type Source, sourcesIn } from './sources.ts'

/** Layers from the ground up: what stands in one imports from its own layer and those below. */
const LAYERS: readonly (readonly string[])[] = [
  ['errors'],
  ['util', 'languages'],
  ['config'],
  ['http'],
  ['crypto'],
  ['keys'],
  ['ledger', 'store'],
  ['limits'],
  ['profiles', 'telemetry'],
  ['env.ts', 'context.ts', 'runtime.ts'],
  ['clients', 'client-auth', 'tokens', 'flow'],
  ['authorize', 'grants', 'logout'],
  ['public', 'admin', 'pages'],
  ['endpoints'],
  ['app.ts', 'index.ts', 'request-context.ts', 'scheduled.ts'],
]

/** Rooms that are no part of the Worker, each with what it may import from. */
const APART: Readonly<Record<string, readonly string[]>> = {
  cli: ['cli', 'util'],
  dev: ['dev', 'cli', 'util', 'config', 'errors'],
}

/** Modules that hold what bindings are: any layer may know their types. */
const SHARED_TYPES: readonly string[] = ['src/env.ts', 'src/context.ts', 'src/runtime.ts']

/** Files nobody but the ledger itself may import, though they lie beside those that are its face. */
const LEDGER_FACE = ['client', 'types', 'owner', 'object'].map((name) => `src/ledger/${name}.ts`)

/** Folders whose code answers requests: they ask the stores and ledgers and hold no SQL. */
const WITHOUT_SQL = [
  'endpoints',
  'public',
  'admin',
  'pages',
  'authorize',
  'grants',
  'clients',
  'client-auth',
  'tokens',
  'flow',
  'http',
  'limits',
]

const SELF = 'test/node/architecture.test.ts'

const LONG = 300
const TOO_LONG = 400
const TOO_LONG_TEST = 600

const sources = sourcesIn('src')
const part = (path: string): string => path.split('/')[1] ?? path
const level = (path: string): number => LAYERS.findIndex((layer) => layer.includes(part(path)))

function allowed(source: Source, { target, typeOnly }: Import): boolean {
  if (target === 'package.json' || target === 'migrations/meta/_journal.json') return true
  const known = APART[part(source.path)]
  if (known !== undefined) return known.includes(part(target))
  if (typeOnly && SHARED_TYPES.includes(target)) return true
  return level(target) !== -1 && level(target) <= level(source.path)
}

describe('the layout', () => {
  it('finds the source files, each with its place in a layer', () => {
    expect(sources.length).toBeGreaterThan(100)
    const misplaced = sources.filter(({ path }) => level(path) === -1 && APART[part(path)] === undefined)
    expect(misplaced.map(({ path }) => path)).toEqual([])
  })

  it('imports one way only', () => {
    const backwards = sources.flatMap((source) =>
      source.imports
        .filter((imported) => !allowed(source, imported))
        .map(({ target }) => `${source.path} -> ${target}`),
    )
    expect(backwards).toEqual([])
  })

  it('has no circle of modules', () => {
    const edges = new Map(
      sources.map(({ path, imports }) => [path, imports.filter((i) => !i.typeOnly).map((i) => i.target)]),
    )
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      if (trail.includes(path) || done.has(path)) return
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of edges.keys()) visit(path, [])
    expect(circles).toEqual([])
  })

  it('names files in kebab-case', () => {
    const names = sources.map(({ path }) => path).filter((path) => !/^[a-z0-9./-]+$/.test(path))
    expect(names).toEqual([])
  })
})

describe('the ledger', () => {
  it('is reached through its face only', () => {
    const intruders = sources
      .filter(({ path }) => part(path) !== 'ledger')
      .flatMap(({ path, imports }) => imports.map(({ target }) => ({ path, target })))
      .filter(({ target }) => target.startsWith('src/ledger/') && !LEDGER_FACE.includes(target))
    expect(intruders).toEqual([])
  })

  it('alone touches the SQLite of its objects', () => {
    const intruders = sources.filter(
      ({ path, text }) =>
        part(path) !== 'ledger' && /\bsql\.exec\(|\.storage\.sql\b|transactionSync/.test(text),
    )
    expect(intruders.map(({ path }) => path)).toEqual([])
  })

  it('and the stores alone speak SQL', () => {
    const intruders = sources.filter(
      ({ path, text }) =>
        WITHOUT_SQL.includes(part(path)) &&
        /drizzle|\.prepare\(|\b(SELECT|INSERT INTO|DELETE FROM)\b/.test(text),
    )
    // The health check asks the database whether it answers, which is no question about its tables.
    expect(intruders.map(({ path }) => path).filter((path) => path !== 'src/public/health.ts')).toEqual([])
  })
})

describe('how a grant was asked for', () => {
  it('is known to channels alone: nobody else asks whether it was a device', () => {
    const branch = /\b(?:pending|device|channel(?:\.name)?)\s*[!=]==?[^=]/
    // The demo application is a client: it has flows of its own.
    const home = ['src/authorize/channels/', 'src/flow/state.ts', 'src/pages/demo/']
    const branching = sources.filter(
      ({ path, text }) => branch.test(text) && !home.some((place) => path.startsWith(place)),
    )
    expect(branching.map(({ path }) => path)).toEqual([])
    expect(['request.device !== null', "channel.name === 'device'"].every((text) => branch.test(text))).toBe(
      true,
    )
  })
})

describe('a rule of authorization', () => {
  it('asks its profile, never a setting', () => {
    const setting = /\boauth2\.|\bttl\.authCode|config\.loopback|\{[^}]*\b(?:oauth2|loopback)\b[^}]*\} = /
    const asking = sources.filter(({ path, text }) => part(path) === 'authorize' && setting.test(text))
    expect(asking.map(({ path }) => path)).toEqual([])
    const settled = sources.filter(({ path, text }) => part(path) === 'profiles' && /\boauth2\./.test(text))
    expect(settled.map(({ path }) => path)).toEqual(['src/profiles/hydra.ts'])
  })
})

describe('stored JSON', () => {
  it('is parsed where it is checked, and nowhere else', () => {
    const parsers = sources.filter(
      ({ path, text }) => ['ledger', 'store', 'errors'].includes(part(path)) && /\bJSON\.parse\(/.test(text),
    )
    expect(parsers.map(({ path }) => path)).toEqual(['src/errors/stored-json.ts'])
  })
})

describe('a redirect', () => {
  it('is made in one place, so that every Location is ASCII and escaped once', () => {
    const makers = sources.filter(({ text }) =>
      /\bc\.redirect\(|['"]location['"]\s*,|header\('refresh'/i.test(text),
    )
    expect(makers.map(({ path }) => path)).toEqual(['src/http/location.ts'])
  })
})

describe('D1', () => {
  it('is asked through drizzle by the stores, and by nobody else', () => {
    const usesDrizzle = /\bfrom 'drizzle-orm|\bimport\('drizzle-orm/
    const importers = new Set(
      sources.filter(({ text }) => usesDrizzle.test(text)).map(({ path }) => part(path)),
    )
    expect([...importers]).toEqual(['store'])
    // What is in `dev` has no binding: it looks into an export with the SQLite of Node.
    const served = sources.filter(({ path }) => part(path) !== 'dev')
    const byHand = served.filter(({ text }) => /\.prepare\(/.test(text))
    expect(byHand.map(({ path }) => path)).toEqual([])
  })
})

describe('the size and strictness of the code', () => {
  it(`keeps source files below ${TOO_LONG} lines and tests below ${TOO_LONG_TEST}`, () => {
    const long = sources.filter(({ lines }) => lines > LONG)
    if (long.length > 0)
      console.warn('Long files:', long.map(({ path, lines }) => `${path} ${lines}`).join(', '))
    const tooLong = [
      ...sources.filter(({ lines }) => lines > TOO_LONG),
      ...sourcesIn('test').filter(({ lines }) => lines > TOO_LONG_TEST),
    ]
    expect(tooLong.map(({ path }) => path)).toEqual([])
  })

  it('has `any`, `!`, focused and skipped tests as lint errors, and next to no comment that lifts a rule', () => {
    const biome: unknown = JSON.parse(readFileSync(new URL('../../biome.jsonc', import.meta.url), 'utf8'))
    expect(biome).toMatchObject({
      linter: {
        rules: {
          style: { noNonNullAssertion: 'error' },
          suspicious: { noExplicitAny: 'error', noSkippedTests: 'error', noFocusedTests: 'error' },
        },
      },
    })
    // A control character in a regular expression is a slip, but for the places that refuse them.
    const marker =
      /biome-ignore (?!lint\/suspicious\/noControlCharactersInRegex:)|@ts-(?:ignore|expect-error|nocheck)/
    const lifted = [...sources, ...sourcesIn('test')].filter(
      ({ path, text }) => path !== SELF && marker.test(text),
    )
    expect(lifted.map(({ path }) => path)).toEqual([])
  })
})
