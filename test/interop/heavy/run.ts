/**
 * Runs real client software over the corpus of `../strict` and writes down what it says. See README.md.
 *
 *     node test/interop/heavy/run.ts answers           good documents, as a Ladon of this checkout answers them
 *     node test/interop/heavy/run.ts models [SOFTWARE]      verdicts of the software: python, go, nimbus, java, mcp
 *     node test/interop/heavy/run.ts operations [SOFTWARE]  its calls to a running Ladon: python, go, nimbus, spring,
 *                                                       java, relying-parties
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from '../../support/server.ts'
import { collect } from '../strict/collect.ts'
import { corpus, digestOf, KEPT } from '../strict/corpus.ts'
import type { Document, Paths } from '../strict/documents.ts'
import { readMcp } from '../strict/readers/mcp.ts'
import { scrubbed } from './scrub.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const STRICT = fileURLToPath(new URL('../strict/', import.meta.url))
const CACHE = process.env['LADON_HEAVY_CACHE'] ?? join(tmpdir(), 'ladon-heavy')

const PYTHON = ['1.2.0', '1.4.10', '1.8.5', '1.9.2', '1.10.6', '1.11.8', '2.0.2', '2.1.1', '2.2.0', '25.4.0']
const PYTHON_NEEDS = ['urllib3', 'six', 'certifi', 'python-dateutil', 'nulltype', 'pydantic>=2', 'setuptools']
const RELYING_PARTIES = [
  'authlib==1.9.10',
  'requests-oauthlib==2.0.0',
  'pyjwt==2.15.0',
  'cryptography',
  'mcp==2.3.0',
  'requests',
]
const NIMBUS = ['9.43.6', '11.39']
const HYDRA_CLIENT = ['1.11.8', '2.0.2']
const SPRING = ['oauth2-client', 'oauth2-resource-server', 'oauth2-jose'].map(
  (name) => `spring-security-${name}`,
)
const SPRING_VERSION = '6.5.6'
const ADMIN_KEY = 'ladon-dev-admin-key'

/** What calls of one piece of software did. */
interface Ran {
  readonly date: string
  readonly commit: string
  readonly software: string
  readonly version: string
  readonly runtime: string
  readonly works: readonly string[]
  readonly fails: Readonly<Record<string, string>>
}

const today = new Date().toISOString().slice(0, 10)
const output = (command: string, args: readonly string[], options = {}): string =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, cwd: HERE, ...options })

const commit = (): string => output('git', ['rev-parse', '--short', 'HEAD']).trim()

/** Starts Ladon, asks for every document and keeps those that the corpus is made of. */
async function answers(): Promise<void> {
  const server = await startServer({ vars: { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' } })
  try {
    const collected = (await collect(server)).filter(({ name }) => KEPT.has(name))
    const documents = collected.map(({ name, kind, paths, text }) => {
      return { name, kind, paths, document: scrubbed(text, server.base) }
    })
    writeFileSync(join(STRICT, 'answers.json'), JSON.stringify({ date: today, commit: commit(), documents }))
  } finally {
    await server.stop()
  }
}

/** The corpus as a file for software that reads one generation's paths. */
function corpusFile(paths: Paths): string {
  const wanted = ({ paths: own }: Document): boolean => own === 'public' || own === paths
  const path = join(CACHE, `corpus-${paths}.json`)
  writeFileSync(path, JSON.stringify(corpus().filter(wanted)))
  return path
}

/** Writes down what the software said, and beside it, not for the repository, why it said so. */
function record(file: string, paths: Paths, text: string): void {
  const { why, accepted, refused, ...software } = JSON.parse(text)
  const sorted = Object.fromEntries(Object.entries(refused).sort(([a], [b]) => (a < b ? -1 : 1)))
  const read = digestOf(corpus().filter(({ name }) => name in refused || accepted.includes(name)))
  writeFileSync(join(CACHE, `why-${file}.json`), JSON.stringify(why, null, 1))
  writeFileSync(
    join(STRICT, 'recorded', `${file}.json`),
    JSON.stringify({ date: today, ...software, paths, read, refused: sorted }),
  )
}

const generation = (version: string): Paths => (version.startsWith('1.') ? 'v1' : 'v2')

function python(): void {
  const interpreter = join(CACHE, 'venv/bin/python')
  if (!existsSync(interpreter)) output('python3', ['-m', 'venv', join(CACHE, 'venv')])
  output(interpreter, ['-m', 'pip', 'install', '-q', ...PYTHON_NEEDS])
  for (const version of PYTHON) {
    const target = join(CACHE, `ory-hydra-client-${version}`)
    const release = `ory-hydra-client==${version}`
    if (!existsSync(target)) {
      output(interpreter, ['-m', 'pip', 'install', '-q', '--no-deps', '--target', target, release])
    }
    const env = { ...process.env, PYTHONPATH: target }
    const args = ['-W', 'ignore', 'python/models.py', version, corpusFile(generation(version))]
    record(`python-${version}`, generation(version), output(interpreter, args, { env }))
  }
}

function go(): void {
  record('go-2.2.1', 'v2', output('go', ['run', './models', corpusFile('v2')], { cwd: join(HERE, 'go') }))
}

/** The class path of Maven artifacts, each by `group:artifact` and version. */
function classPath(...artifacts: readonly (readonly [name: string, version: string])[]): string {
  const folder = join(CACHE, artifacts.map(([name, version]) => `${name.split(':')[1]}-${version}`).join('_'))
  mkdirSync(folder, { recursive: true })
  const dependencies = artifacts.map(([name, version]) => {
    const [group, artifact] = name.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>
      <version>${version}</version></dependency>`
  })
  const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
    <groupId>ladon</groupId><artifactId>heavy</artifactId><version>1</version>
    <dependencies>${dependencies.join('')}</dependencies></project>`
  writeFileSync(join(folder, 'pom.xml'), pom)
  const goal = ['-q', '-B', 'dependency:build-classpath', '-Dmdep.outputFile=classpath']
  if (!existsSync(join(folder, 'classpath'))) output('mvn', goal, { cwd: folder })
  return readFileSync(join(folder, 'classpath'), 'utf8').trim()
}

function nimbus(): void {
  for (const version of NIMBUS) {
    const path = classPath(['com.nimbusds:oauth2-oidc-sdk', version])
    const args = ['-cp', path, 'java/Nimbus.java', version, corpusFile('public')]
    record(`nimbus-${version}`, 'public', output('java', args))
  }
}

function java(): void {
  for (const version of HYDRA_CLIENT) {
    const path = classPath(['sh.ory.hydra:hydra-client', version])
    const args = ['-cp', path, 'java/HydraClient.java', version, corpusFile(generation(version))]
    record(`java-${version}`, generation(version), output('java', args))
  }
}

function mcp(): void {
  record('mcp-1.32.2', 'public', JSON.stringify(readMcp(corpus().filter(({ paths }) => paths === 'public'))))
}

const MODELS: Readonly<Record<string, () => void>> = { python, go, nimbus, java, mcp }

/** Gives each command line that calls a running Ladon. */
function* commands(base: string): Generator<readonly [software: string, run: () => string]> {
  const given = [base, ADMIN_KEY]
  for (const version of PYTHON) {
    const env = { ...process.env, PYTHONPATH: join(CACHE, `ory-hydra-client-${version}`) }
    const args = ['-W', 'ignore', 'python/operations.py', version, ...given]
    const interpreter = join(CACHE, 'venv/bin/python')
    yield ['python', () => output(interpreter, args, { env })]
    if (version === '1.9.2') yield ['python', () => output(interpreter, [...args, 'discard'], { env })]
  }
  yield ['go', () => output('go', ['run', './operations', ...given], { cwd: join(HERE, 'go') })]
  for (const version of NIMBUS) {
    const path = classPath(['com.nimbusds:oauth2-oidc-sdk', version])
    yield ['nimbus', () => javaProgram(path, 'NimbusOperations', [version, ...given])]
  }
  const spring = SPRING.map(
    (artifact) => [`org.springframework.security:${artifact}`, SPRING_VERSION] as const,
  )
  const path = classPath(...spring, ['com.fasterxml.jackson.core:jackson-databind', '2.19.2'])
  yield ['spring', () => javaProgram(path, 'SpringOperations', [SPRING_VERSION, ...given])]
  for (const version of HYDRA_CLIENT) {
    const path = classPath(['sh.ory.hydra:hydra-client', version])
    yield ['java', () => javaProgram(path, 'HydraClientOperations', [version, ...given])]
    if (version !== '2.0.2') continue
    yield ['java', () => javaProgram(path, 'HydraClientOperations', [version, ...given, 'lenient'])]
  }
}

/** Python's libraries that log in, in an environment of their own. */
function* relyingParties(base: string): Generator<readonly [software: string, run: () => string]> {
  const interpreter = join(CACHE, 'relying-parties/bin/python')
  if (!existsSync(interpreter)) {
    output('python3', ['-m', 'venv', join(CACHE, 'relying-parties')])
    output(interpreter, ['-m', 'pip', 'install', '-q', ...RELYING_PARTIES])
  }
  const lines = output(interpreter, ['-W', 'ignore', 'python/relying_parties.py', base, ADMIN_KEY])
    .trim()
    .split('\n')
  for (const line of lines) yield ['relying-parties', () => line]
}

/** Compiles a program with what it shares with others, and runs it. */
function javaProgram(path: string, name: string, args: readonly string[]): string {
  const classes = join(CACHE, 'classes', `${name}-${args[0]}`)
  output('javac', ['-nowarn', '-d', classes, '-cp', path, 'java/Flow.java', `java/${name}.java`])
  return output('java', ['-cp', `${classes}:${path}`, name, ...args])
}

/** Runs the calls of each piece of software against a Ladon of this checkout and keeps what worked and what did not. */
async function operations(only: string | undefined): Promise<void> {
  const server = await startServer({ vars: { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' } })
  const path = join(HERE, 'operations.json')
  const known: readonly Ran[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []
  const ran = new Map(known.map((one) => [`${one.software} ${one.version}`, one]))
  try {
    const every = only === undefined || only === 'relying-parties' ? relyingParties(server.base) : []
    for (const [name, run] of [...commands(server.base), ...every]) {
      if (only !== undefined && name !== only) continue
      const { fails: whole, ...said } = JSON.parse(run())
      // What an SDK quotes of an answer is long, and may be secret.
      const cut = (why: unknown): string => String(why).split(/ JSON: |: For input string/)[0] ?? ''
      const fails = Object.fromEntries(Object.entries(whole).map(([name, why]) => [name, cut(why)]))
      const one: Ran = { date: today, commit: commit(), ...said, fails }
      ran.set(`${one.software} ${one.version}`, one)
      const failing = Object.keys(fails).join(' ') || 'none'
      console.log(`${one.software} ${one.version}: ${one.works.length} work; fail: ${failing}`)
    }
  } finally {
    await server.stop()
  }
  writeFileSync(path, JSON.stringify([...ran.values()]))
}

const [what, which] = process.argv.slice(2)
mkdirSync(CACHE, { recursive: true })
mkdirSync(join(STRICT, 'recorded'), { recursive: true })
if (what === 'answers') await answers()
else if (what === 'operations') await operations(which)
else for (const [name, run] of Object.entries(MODELS)) if (which === undefined || which === name) run()
output('npx', ['biome', 'format', '--write', STRICT, HERE])
