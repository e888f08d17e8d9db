import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { publicApp } from '../../src/app.ts'
import type { Env } from '../../src/env.ts'
import { testEnv as bindings } from './bindings.ts'
import { ISSUER, type Reachable } from './browser.ts'
import { unfit } from './openapi.ts'
import { unfitRequest } from './openapi-request.ts'
import { checkTold } from './refusals.ts'
import { misfit } from './shapes.ts'

export { Browser, bodyOf, ISSUER, locationOf } from './browser.ts'

export const ADMIN_KEY = 'ladon-test-admin-key'

/** The bindings and settings of the tests; a fresh object is a fresh isolate as far as Ladon's memory goes. */
export const testEnv = (settings: Readonly<Record<string, unknown>> = {}): Env => ({
  ...bindings(),
  ...settings,
})

/** Returns an answer of JSON after a look whether strict readers of Hydra's API can read it. Throws if they cannot. */
export async function fitting({ method, url }: Request, response: Response): Promise<Response> {
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  if (!isJson || method === 'HEAD') return response
  const text = await response.text()
  const { pathname } = new URL(url)
  const fault = misfit(method, pathname, response.status, JSON.parse(text))
  if (fault !== undefined) throw new Error(`strict readers cannot read the answer: ${fault}`)
  const left = unfit(method, pathname, response.status, JSON.parse(text))
  if (left !== undefined) throw new Error(`the answer is not in the OpenAPI document: ${left}`)
  return new Response(text, response)
}

/** Whether an answer is neither an error nor leads to where one is told. */
const isGranted = ({ status, headers }: Response): boolean =>
  status < 400 && !/[?&#]error=/.test(headers.get('location') ?? '')

/** Throws for a request that is not one of the OpenAPI document. A body that is bytes or a stream is not looked at. */
function checkRequest(url: URL, { method = 'GET', body }: RequestInit): void {
  const isText = typeof body === 'string' || body instanceof URLSearchParams || body instanceof FormData
  const fault = unfitRequest({ method, url, body: isText ? body : undefined })
  if (fault !== undefined) throw new Error(`the request is not in the OpenAPI document: ${fault}`)
}

/** Ladon as one isolate runs it: requests go through the real app, storage and Durable Objects. */
export class Deployment implements Reachable {
  readonly env: Env
  readonly #base: string

  constructor(env: Env = testEnv()) {
    this.env = env
    const issuer = String(env['URLS_SELF_ISSUER'])
    this.#base = issuer.startsWith('https:') ? issuer : ISSUER
  }

  /** One request of the OpenAPI document, if it is granted. It is answered after everything it deferred is done. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await this.bear(path, init)
    if (isGranted(response)) checkRequest(new URL(path, this.#base), init)
    return response
  }

  /** The same for what the document does not have, and the server bears with. */
  async bear(path: string, init: RequestInit = {}): Promise<Response> {
    const context = createExecutionContext()
    const request = new Request(new URL(path, this.#base), { redirect: 'manual', ...init })
    const response = await publicApp().fetch(request, this.env, context)
    await waitOnExecutionContext(context)
    if (request.method !== 'HEAD') await checkTold(response)
    return fitting(request, response)
  }

  /** An admin call with the key; a body is sent as JSON. */
  admin(method: string, path: string, body?: unknown): Promise<Response> {
    return this.fetch(path, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  /** A form POST. */
  form(path: string, fields: Readonly<Record<string, string>>, headers: HeadersInit = {}): Promise<Response> {
    return this.fetch(path, { method: 'POST', headers, body: new URLSearchParams(fields) })
  }

  /** Introspects a token. */
  async introspect(token: string): Promise<Record<string, unknown>> {
    const response = await this.form(
      '/admin/oauth2/introspect',
      { token },
      { authorization: `Bearer ${ADMIN_KEY}` },
    )
    return response.json()
  }
}
