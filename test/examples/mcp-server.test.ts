import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type OAuthClientProvider, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from '@modelcontextprotocol/sdk/shared/auth.js'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { logIn, press } from '../browser/application.ts'
import { launch, openPage } from '../browser/browser.ts'
import { runLadon } from '../cli/run.ts'
import { freePort, type RunningServer, startServer } from '../support/server.ts'
import { type Site, startSite } from '../support/site.ts'
import { type RunningExample, startExample } from './run.ts'

let server: RunningServer
let example: RunningExample
let callback: Site
let browser: Browser
let page: Page
let registry: string
let resource: string

beforeAll(async () => {
  registry = await mkdtemp(join(tmpdir(), 'ladon-registry-'))
  // Workers of one machine find each other by name: those of this test only each other.
  process.env['WRANGLER_REGISTRY_PATH'] = registry
  browser = await launch()
  callback = await startSite('127.0.0.1')
  const port = await freePort()
  resource = `http://localhost:${port}/mcp`
  server = await startServer({
    vars: {
      OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
      OIDC_DYNAMIC_CLIENT_REGISTRATION_RESOURCES: new URL(resource).origin,
      ADMIN_ENTRYPOINT: 'introspect',
    },
  })
  const vars = ['--var', `RESOURCE:${resource}`, '--var', `ISSUER:${server.base}`]
  example = await startExample('mcp-server', { args: ['--port', String(port), ...vars] })
})

afterAll(async () => {
  await browser?.close()
  await Promise.all([callback, example, server].map((running) => running?.stop()))
  await rm(registry, { recursive: true, force: true })
})

beforeEach(async () => {
  page = await openPage(browser)
})
afterEach(() => page.context().close())

/** What an MCP application keeps; it knows nothing but the server's address. */
class Keeper implements OAuthClientProvider {
  readonly redirectUrl = `${callback.origin}/callback`
  readonly clientMetadata: OAuthClientMetadata = {
    client_name: 'Assistant',
    redirect_uris: [this.redirectUrl],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
  }
  registered: OAuthClientInformationMixed | undefined
  issued: OAuthTokens | undefined
  asked = ''
  #verifier = ''

  clientInformation = (): OAuthClientInformationMixed | undefined => this.registered
  saveClientInformation(client: OAuthClientInformationMixed): void {
    this.registered = client
  }
  tokens = (): OAuthTokens | undefined => this.issued
  saveTokens(tokens: OAuthTokens): void {
    this.issued = tokens
  }
  redirectToAuthorization(url: URL): void {
    this.asked = url.href
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }
  codeVerifier = (): string => this.#verifier
}

const transportFor = (authProvider: Keeper): StreamableHTTPClientTransport =>
  new StreamableHTTPClientTransport(new URL(resource), { authProvider })

const clientOver = async (transport: StreamableHTTPClientTransport): Promise<Client> => {
  const client = new Client({ name: 'assistant', version: '1.0.0' })
  await client.connect(transport)
  return client
}

/** Connects for the first time, which ends at the login; returns what the callback was told. */
async function begin(keeper: Keeper, last: string): Promise<URLSearchParams> {
  await expect(clientOver(transportFor(keeper))).rejects.toBeInstanceOf(UnauthorizedError)
  await page.goto(keeper.asked)
  await logIn(page)
  await press(page, last)
  await page.waitForURL(`${callback.origin}/callback?**`)
  return new URL(page.url()).searchParams
}

it('lets an MCP client in that knows its address only, and again by its refresh token', async () => {
  const keeper = new Keeper()
  const code = (await begin(keeper, 'Allow')).get('code') ?? ''
  await transportFor(keeper).finishAuth(code)
  expect(keeper.registered).toMatchObject({ client_id: expect.any(String) })

  const client = await clientOver(transportFor(keeper))
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['whoami', 'add'])
  const whoami = { name: 'whoami', arguments: {} }
  expect(await client.callTool(whoami)).toMatchObject({ content: [{ text: 'You are demo.' }] })
  const add = { name: 'add', arguments: { a: 1, b: 2 } }
  expect(await client.callTool(add)).toMatchObject({ content: [{ text: '3' }] })

  const { refresh_token = '' } = keeper.issued ?? {}
  expect(refresh_token).not.toBe('')
  keeper.issued = { access_token: 'ory_at_expired.long-ago', token_type: 'bearer', refresh_token }
  expect(await client.callTool(whoami)).toMatchObject({ content: [{ text: 'You are demo.' }] })
  expect(keeper.issued.refresh_token).not.toBe(refresh_token)
  await client.close()
})

it('lets a client in by the code that was printed for it', async () => {
  const env = { LADON_URL: server.base, LADON_ADMIN_KEY: server.adminKey }
  const redirect = `${callback.origin}/callback`
  const flags = ['--kind', 'mcp', '--name', 'New', '--redirect-uri', redirect, '--audience', resource]
  const { code, out } = await runLadon(['client', 'new', ...flags], { env })
  expect(code).toBe(0)
  const file = join(registry, 'client.mjs')
  await writeFile(file, out.slice(out.search(/^const /m)))
  const printed: { authProvider: OAuthClientProvider } = await import(pathToFileURL(file).href)
  const told = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const transport = () =>
    new StreamableHTTPClientTransport(new URL(resource), { authProvider: printed.authProvider })
  const first = transport()
  await expect(clientOver(first)).rejects.toBeInstanceOf(UnauthorizedError)
  await page.goto(String(told.mock.calls[0]?.[1]))
  told.mockRestore()
  await logIn(page)
  await press(page, 'Allow')
  await page.waitForURL(`${redirect}?**`)
  await first.finishAuth(new URL(page.url()).searchParams.get('code') ?? '')
  const client = await clientOver(transport())
  const whoami = { name: 'whoami', arguments: {} }
  expect(await client.callTool(whoami)).toMatchObject({ content: [{ text: 'You are demo.' }] })
  await client.close()
})

it('stays closed when the user says no', async () => {
  expect((await begin(new Keeper(), 'Deny')).get('error')).toBe('access_denied')
})

it('takes no token that is for another server', async () => {
  const authorization = `Bearer ${server.adminKey}`
  const made = await fetch(`${server.base}/admin/clients`, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify({
      client_id: 'elsewhere',
      client_secret: 'a-secret-of-a-client-elsewhere',
      grant_types: ['client_credentials'],
      response_types: [],
      audience: ['https://other.example/mcp', resource],
    }),
  })
  expect(made.status).toBe(201)
  const statusFor = async (audience: string): Promise<number> => {
    const issued = await fetch(`${server.base}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('elsewhere:a-secret-of-a-client-elsewhere')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', audience }),
    })
    const { access_token }: Record<string, unknown> = await issued.json()
    const asked = await fetch(resource, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${access_token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
    })
    return asked.status
  }
  expect(await statusFor('https://other.example/mcp')).toBe(401)
  expect(await statusFor(resource)).toBe(200)
})
