import type { Context } from 'hono'
import * as v from 'valibot'
import type { AppEnv } from '../../context.ts'
import { readCookie, setCookie } from '../../http/cookies.ts'
import { basePath } from '../../http/page.ts'
import { after, nowSeconds, type Seconds, seconds } from '../../util/clock.ts'

/** How long the demo remembers a started login, and the tokens of a finished one, in seconds. */
const PENDING_SECONDS = seconds(1800)
const SESSION_SECONDS = seconds(86_400)

/**
 * Maximum length of a cookie's value, in characters: browsers drop cookies beyond 4096 bytes, including name and
 * attributes.
 */
const MAX_COOKIE_LENGTH = 3800
const MAX_COOKIES = 5

/** What the demo client stores while the user logs in. */
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

/** The result of the last button. */
const Outcome = v.object({ title: v.string(), body: v.string() })

const Session = v.object({ nonce: v.string(), tokens: Tokens, outcome: v.nullish(Outcome, null) })

export type Pending = v.InferOutput<typeof Pending>
export type Tokens = v.InferOutput<typeof Tokens>
export type DemoSession = v.InferOutput<typeof Session>

const PENDING = 'ladon_demo_login'
const SESSION = 'ladon_demo'

/** The login that this browser started; `undefined` if there is none or it has expired. */
export function readPending(c: Context<AppEnv>): Promise<Pending | undefined> {
  return open(c, Pending, read(c, PENDING))
}

/** Stores a started login in the browser, sealed. */
export async function writePending(c: Context<AppEnv>, pending: Pending): Promise<void> {
  write(c, PENDING, await seal(c, pending, PENDING_SECONDS), PENDING_SECONDS)
}

/** Removes the started login. */
export const clearPending = (c: Context<AppEnv>): void => write(c, PENDING, '', 0)

/** The demo client's tokens from this browser's cookies. */
export function readSession(c: Context<AppEnv>): Promise<DemoSession | undefined> {
  return open(c, Session, CHUNKS.map((name) => read(c, name)).join(''))
}

/** Stores the tokens in the browser: sealed, inaccessible to scripts, in as many cookies as they need. */
export async function writeSession(c: Context<AppEnv>, session: DemoSession): Promise<void> {
  const sealed = await seal(c, session, SESSION_SECONDS)
  for (const [index, name] of CHUNKS.entries()) {
    const chunk = sealed.slice(index * MAX_COOKIE_LENGTH, (index + 1) * MAX_COOKIE_LENGTH)
    if (chunk !== '') write(c, name, chunk, SESSION_SECONDS)
    else if (read(c, name) !== '') write(c, name, '', 0)
  }
}

/** Removes the tokens. */
export function clearSession(c: Context<AppEnv>): void {
  for (const name of CHUNKS) write(c, name, '', 0)
}

const CHUNKS = Array.from({ length: MAX_COOKIES }, (_, index) => `${SESSION}_${index}`)

const read = (c: Context<AppEnv>, name: string): string => readCookie(c.req.header('cookie'), name) ?? ''

function write(c: Context<AppEnv>, name: string, value: string, maxAge: number): void {
  const { config } = c.var.ctx.rt
  const settings = { secure: config.cookies.secure, sameSite: 'Lax', domain: null } as const
  const cookie = setCookie(settings, name, value, `${basePath(c)}/demo`, maxAge)
  c.header('set-cookie', cookie, { append: true })
}

const seal = (c: Context<AppEnv>, data: unknown, lifetime: Seconds): Promise<string> =>
  c.var.ctx.rt.envelopes.seal('demo', data, after(nowSeconds(), lifetime))

async function open<Schema extends v.GenericSchema>(
  c: Context<AppEnv>,
  schema: Schema,
  text: string,
): Promise<v.InferOutput<Schema> | undefined> {
  const opened = await c.var.ctx.rt.envelopes.open('demo', text)
  if ((opened?.expiresAt ?? 0) <= nowSeconds()) return undefined
  const parsed = v.safeParse(schema, opened?.data)
  return parsed.success ? parsed.output : undefined
}
