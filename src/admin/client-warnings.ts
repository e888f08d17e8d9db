import type { Context } from 'hono'
import type { Doubt } from '../clients/metadata/doubt.ts'
import { doubtsOf } from '../clients/metadata/doubts.ts'
import type { ClientInput } from '../clients/metadata/parse.ts'
import { unknownFields } from '../clients/metadata/unknown.ts'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { supported } from '../grants/supported.ts'
import { readAdminQuery } from '../http/form.ts'

/** Bounds of what is told: the number of warnings, and the characters of each. */
const MAX_WARNINGS = 10
const MAX_LENGTH = 200

/**
 * Finds what an admin probably did not mean in a client's JSON. Hydra takes it, so it is taken, unless the query says
 * `strict=true`.
 *
 * @param input - what the JSON says, if it is a client; otherwise only its names are looked at
 * @throws `invalid_client_metadata` that tells all of it, if the request is strict
 */
export async function judgeClient(
  c: Context<AppEnv>,
  body: unknown,
  input?: ClientInput,
): Promise<readonly Doubt[]> {
  const doubts = [
    ...unknownFields(body),
    ...(input === undefined ? [] : await doubtsOf(c.var.ctx.rt, input, supported())),
  ]
  if (doubts.length > 0 && readAdminQuery(c.req.url).flag('strict'))
    throw new OAuthError('invalid_client_metadata', 'metadata_in_doubt', { problems: told(doubts) })
  return doubts
}

/** Returns the header that warns of doubts, and puts them into the request's log line; none without doubts. */
export function warningHeader(
  c: Context<AppEnv>,
  doubts: readonly Doubt[],
): Readonly<Record<string, string>> {
  if (doubts.length === 0) return {}
  const warnings = told(doubts)
  c.var.ctx.warned(warnings)
  return { 'ladon-warning': warnings.join(' ') }
}

/** The sentences of some doubts: printable ASCII, since names in them may be anybody's. */
function told(doubts: readonly Doubt[]): readonly string[] {
  const sentences = doubts
    .slice(0, MAX_WARNINGS)
    .map(({ field, problem }) => `Field '${field}' ${problem}.`.replace(/[^ -~]/g, '?').slice(0, MAX_LENGTH))
  const more = doubts.length - sentences.length
  return more === 0 ? sentences : [...sentences, `And ${more} more.`]
}
