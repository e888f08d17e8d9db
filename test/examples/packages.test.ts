import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { EXAMPLES, runExample } from './run.ts'

const HELPER = 'login-helper.js'
const PAGES = 'login-pages.js'

/** How long an example may be: code without empty lines and comments, that of the helper, and its README. */
const MOST_LINES = 150
const MOST_HELPER_LINES = 85
const MOST_README_LINES = 24

const names = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
const logins = names.filter((name) => name.startsWith('login-'))

const read = (path: string): string => readFileSync(`${EXAMPLES}${path}`, 'utf8')

/** Lines that are neither empty nor comment. */
const codeLines = (text: string): number =>
  text
    .replaceAll(/^\s*\/\*\*[\s\S]*?\*\/$/gm, '')
    .split('\n')
    .filter((line) => !/^\s*(?:$|\/\/|#|<!--)/.test(line)).length

const filesOf = (name: string): readonly string[] =>
  readdirSync(`${EXAMPLES}${name}`, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.(?:js|html|toml)$/.test(file) && !/^(?:node_modules|\.next|\.wrangler)\//.test(file),
  )

describe('the examples', () => {
  it('are those that their list names', () => {
    const listed = [...read('README.md').matchAll(/^\| \[([^\]]+)\]/gm)].map(([, name]) => name)
    expect(listed.toSorted()).toEqual(names.toSorted())
    expect(names.length).toBeGreaterThan(1)
  })

  it.each(names)('%s is short: code and README', (name) => {
    const own = filesOf(name).filter((file) => file !== HELPER)
    const lines = own.reduce((sum, file) => sum + codeLines(read(`${name}/${file}`)), 0)
    expect(lines).toBeGreaterThan(10)
    expect(lines).toBeLessThanOrEqual(MOST_LINES)
    expect(read(`${name}/README.md`).trimEnd().split('\n').length).toBeLessThanOrEqual(MOST_README_LINES)
  })

  it.each(names)('%s is a package of its own, started without a build, with exact versions', (name) => {
    const { scripts, dependencies, devDependencies = {} } = JSON.parse(read(`${name}/package.json`))
    expect(scripts).toMatchObject({ start: expect.stringMatching(/^(?:node|wrangler|next) /) })
    expect(Object.keys(scripts)).not.toContain('build')
    const versions = Object.values<string>({ ...dependencies, ...devDependencies })
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it.each(names.filter((name) => !['web', 'login-next'].includes(name)))(
    '%s asks for the versions that are tested here',
    (name) => {
      const { dependencies, devDependencies = {} } = JSON.parse(read(`${name}/package.json`))
      const here = (dependency: string): string => {
        const folder = fileURLToPath(new URL(`../../node_modules/${dependency}/`, import.meta.url))
        return createRequire(import.meta.url)(`${folder}package.json`).version
      }
      const asked = { ...dependencies, ...devDependencies }
      const tested = Object.fromEntries(Object.keys(asked).map((each) => [each, here(each)]))
      expect(asked).toEqual(tested)
    },
  )

  it.each([HELPER, PAGES])('of login have the same %s', (file) => {
    const [first = '', ...others] = logins.map((name) => read(`${name}/${file}`))
    expect(others.length).toBeGreaterThan(0)
    expect(others.every((copy) => copy === first)).toBe(true)
    expect(codeLines(first)).toBeLessThanOrEqual(MOST_HELPER_LINES)
  })

  it.each([
    ['api', 'CLIENT_SECRET'],
    ['login-express', 'LADON_ADMIN_KEY'],
  ])('%s does not start elsewhere with a secret that everybody knows: %s', async (name, setting) => {
    const started = runExample(name, { env: { LADON_URL: 'https://login.example.com' } })
    expect(await started.ended).toBe(1)
    expect(started.output()).toContain(`Ladon is elsewhere: set ${setting}.`)
  })

  it('login-express does not start elsewhere with the password that everybody knows', async () => {
    const env = { LADON_URL: 'https://login.example.com', LADON_ADMIN_KEY: 'a-key-of-its-own' }
    const started = runExample('login-express', { env })
    expect(await started.ended).toBe(1)
    expect(started.output()).toContain('Ladon is elsewhere: write verify().')
  })

  it.each(['servers', 'pages'])('have strict types: %s', async (which) => {
    const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
    const config = fileURLToPath(new URL(`tsconfig.${which}.json`, import.meta.url))
    const ran = promisify(execFile)(process.execPath, [tsc, '--noEmit', '-p', config])
    await expect(ran.then(() => '').catch(({ stdout }) => String(stdout))).resolves.toBe('')
  })
})
