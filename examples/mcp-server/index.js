// @ts-check
/**
 * An MCP server as a Worker that Ladon protects. A client that knows only its address gets 401, finds Ladon by the
 * metadata (RFC 9728), registers itself, lets its user log in, and comes back with a token for this server alone.
 */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import * as z from 'zod'

/**
 * @typedef {{ RESOURCE: string, ISSUER: string,
 *   LADON: { fetch: (url: string, init: RequestInit) => Promise<Response> } }} Env
 * @typedef {{ sub: string, client_id: string, scope: string, exp: number }} Caller
 */

/** The tools, for one caller. @param {Caller} caller */
function toolsFor(caller) {
  const server = new McpServer({ name: 'ladon-example', version: '1.0.0' })
  server.registerTool('whoami', { description: 'Says who is asking.' }, () => ({
    content: [{ type: 'text', text: `You are ${caller.sub}.` }],
  }))
  const sum = { description: 'Adds two numbers.', inputSchema: { a: z.number(), b: z.number() } }
  server.registerTool('add', sum, ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }))
  return server
}

/** Asks Ladon about a token, over a service binding that needs no secret. @param {Env} env @param {string} token */
async function callerOf(env, token) {
  const answer = await env.LADON.fetch('https://ladon/admin/oauth2/introspect', {
    method: 'POST',
    body: new URLSearchParams({ token }),
  })
  if (!answer.ok) throw new Error(`introspection answered ${answer.status}`)
  /** @type {Caller & { active: boolean, token_use?: string, aud?: string[] }} */
  const told = await answer.json()
  // A token for another server must not work here: whoever runs that one could send it (RFC 8707).
  const isMine = told.active && told.token_use === 'access_token' && told.aud?.includes(env.RESOURCE)
  return isMine ? told : undefined
}

/** Where a client finds which server issues tokens for this one. @param {string} resource */
const metadataUrl = (resource) => {
  const { origin, pathname } = new URL(resource)
  return `${origin}/.well-known/oauth-protected-resource${pathname}`
}

/** @type {Hono<{ Bindings: Env }>} */
const app = new Hono()

// Clients may be web pages. There is no cookie here, so an origin alone opens nothing.
app.use(cors({ origin: '*', exposeHeaders: ['www-authenticate', 'mcp-protocol-version'] }))

app.get('/.well-known/oauth-protected-resource/mcp', (c) =>
  c.json({
    resource: c.env.RESOURCE,
    authorization_servers: [c.env.ISSUER],
    scopes_supported: ['offline_access'],
    bearer_methods_supported: ['header'],
  }),
)

app.post('/mcp', async (c) => {
  const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(c.req.header('authorization') ?? '') ?? []
  const caller = token === undefined ? undefined : await callerOf(c.env, token)
  if (token === undefined || caller === undefined) {
    const error = token === undefined ? '' : 'error="invalid_token", '
    const challenge = `Bearer ${error}resource_metadata="${metadataUrl(c.env.RESOURCE)}"`
    return c.json({ error: 'unauthorized' }, 401, { 'www-authenticate': challenge })
  }
  // Without sessions: each request has its own server, and nothing of one caller is left for the next.
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  await toolsFor(caller).connect(transport)
  return transport.handleRequest(c.req.raw)
})

// No stream of its own and no session to end: nothing here outlives its request.
app.all('/mcp', (c) => c.json({ error: 'method_not_allowed' }, 405, { allow: 'POST' }))

// Not 401: the token may be good, and the client must not throw it away.
app.onError((thrown, c) => {
  console.error(thrown)
  return c.json({ error: 'temporarily_unavailable' }, 503, { 'retry-after': '5' })
})

export default app
