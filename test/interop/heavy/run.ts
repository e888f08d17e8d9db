/**
 * Runs real client software over the corpus of `../strict` and writes down what it says. See README.md.
 *
 *     node test/interop/heavy/run.ts answers           good documents, as a Ladon of this checkout answers them
 *     node test/interop/heavy/run.ts models [SOFTWARE]  verdicts of the software: python, go, nimbus, java, mcp
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
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
const NIMBUS = ['9.43.6', '11.39']
const HYDRA_CLIENT = ['1.11.8', '2.0.2']

const today = new Date().toISOString().slice(0, 10)
const output = (command: string, args: readonly string[], options = {}): string =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, cwd: HERE, ...options })

/** Starts Ladon, asks for every document and keeps those that the corpus is made of. */
async function answers(): Promise<void> {
  const server = await startServer({ vars: { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' } })
  try {
    const collected = (await collect(server)).filter(({ name }) => KEPT.has(name))
    const documents = collected.map(({ name, kind, paths, text }) => {
      return { name, kind, paths, document: scrubbed(text, server.base) }
    })
    const commit = output('git', ['rev-parse', '--short', 'HEAD']).trim()
    writeFileSync(join(STRICT, 'answers.json'), JSON.stringify({ date: today, commit, documents }))
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
  record('go-2.2.1', 'v2', output('go', ['run', './models.go', corpusFile('v2')], { cwd: join(HERE, 'go') }))
}

/** The class path of a Maven artifact. */
function classPath(group: string, artifact: string, version: string): string {
  const folder = join(CACHE, `${artifact}-${version}`)
  mkdirSync(folder, { recursive: true })
  const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
    <groupId>ladon</groupId><artifactId>heavy</artifactId><version>1</version><dependencies><dependency>
    <groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>
    </dependency></dependencies></project>`
  writeFileSync(join(folder, 'pom.xml'), pom)
  const goal = ['-q', '-B', 'dependency:build-classpath', '-Dmdep.outputFile=classpath']
  if (!existsSync(join(folder, 'classpath'))) output('mvn', goal, { cwd: folder })
  return output('cat', [join(folder, 'classpath')]).trim()
}

function nimbus(): void {
  for (const version of NIMBUS) {
    const path = classPath('com.nimbusds', 'oauth2-oidc-sdk', version)
    const args = ['-cp', path, 'java/Nimbus.java', version, corpusFile('public')]
    record(`nimbus-${version}`, 'public', output('java', args))
  }
}

function java(): void {
  for (const version of HYDRA_CLIENT) {
    const path = classPath('sh.ory.hydra', 'hydra-client', version)
    const args = ['-cp', path, 'java/HydraClient.java', version, corpusFile(generation(version))]
    record(`java-${version}`, generation(version), output('java', args))
  }
}

function mcp(): void {
  record('mcp-1.32.2', 'public', JSON.stringify(readMcp(corpus().filter(({ paths }) => paths === 'public'))))
}

const SOFTWARE: Readonly<Record<string, () => void>> = { python, go, nimbus, java, mcp }

const [what, which] = process.argv.slice(2)
mkdirSync(CACHE, { recursive: true })
mkdirSync(join(STRICT, 'recorded'), { recursive: true })
if (what === 'answers') await answers()
else for (const [name, run] of Object.entries(SOFTWARE)) if (which === undefined || which === name) run()
output('npx', ['biome', 'format', '--write', STRICT])
