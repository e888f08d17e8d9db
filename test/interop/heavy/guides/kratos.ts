import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { CACHE } from './trial.ts'

const VERSION = '1.3.1'

/** Kratos's public and admin API, and the pages of a login. */
export const PUBLIC = 'http://localhost:4433'
export const ADMIN = 'http://localhost:4434'
const PAGES_PORT = 4455

/**
 * Builds Kratos from its module, with its replacements, and returns the program. `go install` refuses a module with
 * replacements, so a module around it has them.
 */
export function buildKratos(): string {
  const folder = join(CACHE, `kratos-${VERSION}`)
  const program = join(folder, 'kratos')
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  const go = (...args: readonly string[]): string =>
    execFileSync('go', args, { cwd: folder, encoding: 'utf8', env: { ...process.env, GOFLAGS: '-mod=mod' } })
  const { Dir: source, GoMod: module } = JSON.parse(
    go('mod', 'download', '-json', `github.com/ory/kratos@v${VERSION}`),
  )
  const own = readFileSync(module, 'utf8')
    .replace(/^module .*$/m, 'module heavy')
    .replace(/^.*=> \.\/.*$/gm, '')
  writeFileSync(join(folder, 'go.mod'), `${own}\nrequire github.com/ory/kratos v${VERSION}\n`)
  writeFileSync(join(folder, 'go.sum'), readFileSync(join(source, 'go.sum')))
  copyFileSync(join(source, 'main.go'), join(folder, 'main.go'))
  go('build', '-tags', 'sqlite', '-o', 'kratos', '.')
  return program
}

/** The configuration of a Kratos with passwords, and its only kind of user. */
export const configuration = (folder: string, guide: string): Readonly<Record<string, string>> => ({
  'kratos.yml': `dsn: sqlite://${folder}/kratos.sqlite?_fk=true
serve:
  public: { base_url: '${PUBLIC}/', host: localhost }
  admin: { base_url: '${ADMIN}/', host: localhost }
selfservice:
  default_browser_return_url: http://localhost:${PAGES_PORT}/
  methods: { password: { enabled: true } }
  flows: { login: { ui_url: 'http://localhost:${PAGES_PORT}/login' } }
secrets: { cookie: [a-secret-of-the-cookies-of-kratos] }
courier: { smtp: { connection_uri: 'smtp://localhost:1025' } }
identity: { default_schema_id: user, schemas: [{ id: user, url: 'file://${folder}/user.json' }] }
${guide}`,
  'user.json': JSON.stringify({
    $id: 'https://example.com/user.json',
    type: 'object',
    properties: {
      traits: {
        type: 'object',
        properties: {
          email: {
            type: 'string',
            format: 'email',
            'ory.sh/kratos': { credentials: { password: { identifier: true } } },
          },
        },
        required: ['email'],
      },
    },
  }),
})

/** A login page for Kratos: a form with the fields that it asks for. */
export async function startPages(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const flow = new URL(request.url ?? '', PUBLIC).searchParams.get('flow')
    if (flow === null) {
      response.writeHead(404).end()
      return
    }
    const headers = { accept: 'application/json', cookie: request.headers.cookie ?? '' }
    const answer = await fetch(`${PUBLIC}/self-service/login/flows?id=${flow}`, { headers })
    const { ui } = JSON.parse(await answer.text())
    const fields = ui.nodes.map(
      ({ attributes: { name, type, value = '' } }: { attributes: Readonly<Record<string, string>> }) =>
        `<input name="${name}" type="${type}" value="${value}">`,
    )
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end(`<h1>Kratos</h1><form method="post" action="${ui.action}">${fields.join('')}</form>`)
  })
  await new Promise<void>((resolve) => server.listen(PAGES_PORT, 'localhost', resolve))
  return server
}

/** Makes a user of Kratos. */
export async function makeUser(email: string, password: string): Promise<void> {
  const answer = await fetch(`${ADMIN}/admin/identities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      schema_id: 'user',
      traits: { email },
      credentials: { password: { config: { password } } },
    }),
  })
  if (answer.status !== 201) throw new Error(`Kratos made no user: ${answer.status}`)
}
