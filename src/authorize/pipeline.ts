import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { invalidClient } from '../errors/refusals.ts'
import type { PendingRequest } from '../flow/state.ts'
import { counting, type Entries } from '../http/repeats.ts'
import type { ClientRecord } from '../store/types.ts'
import { type Channel, tellBrowser, type Validation } from './channels/channel.ts'
import { channelNamed } from './channels/registry.ts'
import { findClient } from './target.ts'

/** How a request came in. */
export interface Origin {
  /** Whether it comes from a request object that the client signed. */
  readonly signed: boolean
  /** How many characters at the end of the query the client signed. */
  readonly signedTail?: number
  /** Why it is refused whatever it asks for; told as soon as it is known whom to tell. */
  readonly refusal?: OAuthError | undefined
  /** All parameters as they were sent, from which the query has what counts. */
  readonly sent?: Entries
}

const PLAIN: Origin = { signed: false }

/**
 * Validates a request against the client's registration, by the rules of its channel. Before a refusal the client is
 * read again from the source (design rule 5). Refusals are returned; only other failures are thrown.
 *
 * @param pending - the request in a ledger that waits for the outcome; null if the client sent the browser itself
 */
export const validate = (
  ctx: RequestContext,
  query: string,
  pending: PendingRequest | null = null,
  origin = PLAIN,
): Promise<Validation> => validateOn(channelNamed(pending?.channel), ctx, query, pending, origin)

/** Validates a request on one given channel. */
export async function validateOn(
  channel: Channel,
  ctx: RequestContext,
  query: string,
  pending: PendingRequest | null,
  { signed, signedTail = 0, refusal, sent = [] }: Origin = PLAIN,
): Promise<Validation> {
  const { config, profiles } = ctx.rt
  try {
    const parameters = channel.read(query, profiles.server)
    const client = await findClient(ctx, parameters)
    counting(sent, profiles.of(client).repeats)
    const judge = (by: ClientRecord): Validation =>
      channel.judge(
        { client: by, config, profile: profiles.of(by), query, parameters, signed, signedTail },
        pending,
        refusal,
      )
    const first = judge(client)
    if (first.error === undefined) return first
    const current = await ctx.rt.clients.fresh(client.id)
    if (current === undefined) throw invalidClient('client_unregistered')
    return current.version === client.version ? first : judge(current)
  } catch (thrown) {
    if (!(thrown instanceof OAuthError) || thrown.status >= 500) throw thrown
    return { error: thrown, tell: tellBrowser }
  }
}
