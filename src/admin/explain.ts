import type { Context } from 'hono'
import * as v from 'valibot'
import type { AppEnv, RequestContext } from '../context.ts'
import { noField } from '../errors/missing.ts'
import { malformedBody } from '../errors/refusals.ts'
import { parseBody } from '../flow/bodies.ts'
import { looksLikeUserCode, readUserCode } from '../flow/user-code.ts'
import { MAX_REQUEST, readJson } from '../http/form.ts'
import { json, NO_STORE } from '../http/json.ts'
import { adminGuess } from '../limits/guesses.ts'
import { string } from '../util/schema.ts'
import type { Found } from './explain/explanation.ts'
import { explainUserCode } from './explain/flow.ts'
import { explainJwt } from './explain/jwt.ts'
import { explainRefusal } from './explain/refusal.ts'
import { explainRequest } from './explain/request-url.ts'
import { explainSealed } from './explain/sealed.ts'

/** The text to explain. */
export const explainBody = v.object({ text: string }, 'a JSON object')

/**
 * Explains a text that somebody has in hand: an authorization URL by a dry run, a token, code, challenge or verifier by
 * opening it, also when it is dead. Writes nothing but its audit line and the count of wrong user codes, and returns no
 * secret (contract 1.4.12).
 */
export async function postExplain(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  const { text } = parseBody(explainBody, await readJson(c.var.body))
  const given = text.trim().replace(/^(?:authorization:\s*)?bearer\s+/i, '')
  if (given === '') throw malformedBody('field_missing', noField('text'))
  if (given.length > MAX_REQUEST)
    throw malformedBody('field_malformed', { field: 'text', expected: `at most ${MAX_REQUEST} characters` })
  const { explanation, clientId, owner } = await explain(ctx, given)
  const { kind, state, consent_request_id: grant } = explanation
  const named = {
    ...(clientId !== undefined && { client_id: clientId }),
    ...(grant !== undefined && { grant }),
  }
  ctx.audit('text.explained', { text_kind: kind, state, ...named }, owner)
  return json(explanation, 200, NO_STORE)
}

const explain = (ctx: RequestContext, text: string): Promise<Found> =>
  /^https?:\/\//i.test(text) ? explainUrl(ctx, text) : explainBare(ctx, text)

/** Explains what is no URL. */
async function explainBare(ctx: RequestContext, text: string): Promise<Found> {
  if (/^\S+$/.test(text)) {
    const parts = text.split('.', 6).length
    if (parts === 3) return explainJwt(ctx, text)
    if (parts === 5) return ENCRYPTED
  }
  const { userCode } = ctx.rt.config.oauth2.device
  const device = looksLikeUserCode(text, userCode)
    ? await tryUserCode(ctx, readUserCode(text, userCode))
    : undefined
  return device ?? explainSealed(ctx, text)
}

/** As `explainUserCode`, for a text that may be a guess. Throws `too_many_requests` after too many wrong ones. */
async function tryUserCode(ctx: RequestContext, userCode: string): Promise<Found | undefined> {
  const guess = adminGuess(ctx)
  await guess.begin(ctx)
  const found = await explainUserCode(ctx, userCode)
  if (found === undefined) await guess.missed(ctx)
  else guess.hit()
  return found
}

const ENCRYPTED: Found = {
  explanation: {
    kind: 'encrypted_jwt',
    state: 'unknown',
    cause: 'It is encrypted (RFC 7516), so that only its client can read it.',
    fix: 'Decrypt it with the key of the client, and explain what is inside.',
  },
}

/** Parameters of URLs that carry something to explain by itself. */
const CARRIED: readonly string[] = [
  ...['login_challenge', 'consent_challenge', 'logout_challenge', 'device_challenge', 'login_verifier'],
  ...['consent_verifier', 'logout_verifier', 'device_verifier', 'device_code', 'user_code'],
  ...['code', 'access_token', 'refresh_token', 'id_token', 'notice'],
]

/** Explains what a URL carries, or the error in it, or else the request that it is. What it carries is no further URL. */
async function explainUrl(ctx: RequestContext, url: string): Promise<Found> {
  const { search = '', hash = '' } = URL.parse(url) ?? {}
  const entries = [search, hash].flatMap((part) => [...new URLSearchParams(part.slice(1))])
  const [, carried] = entries.find(([name, value]) => CARRIED.includes(name) && value !== '') ?? []
  if (carried === undefined) return explainRefusal(new Map(entries)) ?? explainRequest(ctx, url)
  return explainBare(ctx, carried)
}
