import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import * as v from 'valibot'
import type { AppEnv } from '../../context.ts'
import { nowSeconds } from '../../util/clock.ts'
import { basePath } from '../page.ts'

/** How long the demo remembers a login that was begun, and tokens it got, in seconds. */
const PENDING_SECONDS = 1800
const SESSION_SECONDS = 86_400

/** Characters per cookie: browsers drop cookies beyond 4096 bytes, name and attributes included. */
const CHUNK = 3800
const MAX_CHUNKS = 5

/** What the demo client keeps while the user is away logging in. */
const Pending = v.object({ state: v.string(), nonce: v.string(), verifier: v.string() })

/** A token response (RFC 6749 section 5.1, OIDC Core section 3.1.3.3). */
export const Tokens = v.object({
  access_token: v.string(),
  token_type: v.string(),
  expires_in: v.number(),
  scope: v.string(),
  refresh_token: v.optional(v.string()),
  id_token: v.optional(v.string()),
})

/** What the last button led to. */
const Outcome = v.object({ title: v.string(), body: v.string() })

const Session = v.object({ nonce: v.string(), tokens: Tokens, outcome: v.nullish(Outcome, null) })

export type Pending = v.InferOutput<typeof Pending>
export type Tokens = v.InferOutput<typeof Tokens>
export type DemoSession = v.InferOutput<typeof Session>

const PENDING = 'ladon_demo_login'
const SESSION = 'ladon_demo'

/** The login that this browser began; `undefined` when there is none, or not any more. */
export function readPending(c: Context<AppEnv>): Promise<Pending | undefined> {
  return open(c, Pending, getCookie(c, PENDING) ?? '')
}

/** Keeps a begun login in the browser, sealed. */
export async function writePending(c: Context<AppEnv>, pending: Pending): Promise<void> {
  setCookie(c, PENDING, await seal(c, pending, PENDING_SECONDS), attributes(c, PENDING_SECONDS))
}

/** Forgets the begun login. */
export function clearPending(c: Context<AppEnv>): void {
  deleteCookie(c, PENDING, attributes(c, 0))
}

/** The demo client's tokens as this browser keeps them. */
export function readSession(c: Context<AppEnv>): Promise<DemoSession | undefined> {
  const chunks = CHUNKS.map((name) => getCookie(c, name) ?? '')
  return open(c, Session, chunks.join(''))
}

/** Keeps the tokens in the browser: sealed, out of reach of scripts, in as many cookies as they need. */
export async function writeSession(c: Context<AppEnv>, session: DemoSession): Promise<void> {
  const sealed = await seal(c, session, SESSION_SECONDS)
  for (const [index, name] of CHUNKS.entries()) {
    const chunk = sealed.slice(index * CHUNK, (index + 1) * CHUNK)
    if (chunk !== '') setCookie(c, name, chunk, attributes(c, SESSION_SECONDS))
    else if (getCookie(c, name) !== undefined) deleteCookie(c, name, attributes(c, 0))
  }
}

/** Forgets the tokens. */
export function clearSession(c: Context<AppEnv>): void {
  for (const name of CHUNKS) deleteCookie(c, name, attributes(c, 0))
}

const CHUNKS = Array.from({ length: MAX_CHUNKS }, (_, index) => `${SESSION}_${index}`)

function attributes(c: Context<AppEnv>, maxAge: number) {
  const { config } = c.var.ctx.rt
  const path = `${basePath(config)}/demo`
  return { path, httpOnly: true, secure: config.cookies.secure, sameSite: 'Lax', maxAge } as const
}

const seal = (c: Context<AppEnv>, data: unknown, seconds: number): Promise<string> =>
  c.var.ctx.rt.envelopes.seal('demo', data, nowSeconds() + seconds)

async function open<Schema extends v.GenericSchema>(
  c: Context<AppEnv>,
  schema: Schema,
  text: string,
): Promise<v.InferOutput<Schema> | undefined> {
  const opened = text === '' ? undefined : await c.var.ctx.rt.envelopes.open('demo', text)
  if (opened === undefined || opened.expiresAt === null || opened.expiresAt <= nowSeconds()) return undefined
  const parsed = v.safeParse(schema, opened.data)
  return parsed.success ? parsed.output : undefined
}
