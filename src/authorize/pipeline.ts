import { audienceIn, resourcesIn } from '../clients/resource.ts'
import type { Config } from '../config/types.ts'
import type { RequestContext } from '../context.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { invalidClient } from '../errors/refusals.ts'
import type { PendingRequest } from '../flow/state.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { type Channel, tellBrowser, type Validation } from './channels/channel.ts'
import { channelNamed } from './channels/registry.ts'
import type { Requested } from './request.ts'
import { findClient } from './target.ts'

/** Longest request, in characters of its query: it travels whole in the login or logout challenge. */
export const MAX_QUERY = 6 * 1024

/**
 * Validates a request against the client's registration, by the rules of the channel that it came by. A refusal by a
 * cached copy of the client counts only after the source said the same (design rule 5). Throws only what is no refusal.
 *
 * @param pending - the request in a ledger that waits for the outcome, where no client sent the browser
 */
export const validate = (
  ctx: RequestContext,
  query: string,
  pending: PendingRequest | null = null,
): Promise<Validation> => validateOn(channelNamed(pending?.channel), ctx, query, pending)

/** Validates a request on this channel. */
export async function validateOn(
  channel: Channel,
  ctx: RequestContext,
  query: string,
  pending: PendingRequest | null,
): Promise<Validation> {
  try {
    if (query.length > MAX_QUERY) {
      throw invalidRequest(`The request is longer than ${MAX_QUERY} characters.`)
    }
    const parameters = channel.read(query)
    const client = await findClient(ctx, parameters)
    const judge = (by: ClientRecord): Validation =>
      channel.judge(requested(ctx.rt.config, by, query, parameters), pending)
    const first = judge(client)
    if (first.error === undefined) return first
    const current = await ctx.rt.clients.fresh(client.id)
    if (current === undefined) throw invalidClient('The client does not exist.')
    return current.version === client.version ? first : judge(current)
  } catch (thrown) {
    if (!(thrown instanceof OAuthError) || thrown.status >= 500) throw thrown
    return { error: thrown, tell: tellBrowser }
  }
}

const requested = (
  config: Config,
  client: ClientRecord,
  query: string,
  parameters: Parameters,
): Requested => ({
  client,
  config,
  query,
  parameters,
  scope: [...new Set(parameters.list('scope'))],
  audience: audienceIn(parameters),
  resources: resourcesIn(parameters),
  prompt: parameters.list('prompt'),
})
