import type { RequestContext } from '../context.ts'
import { counting } from '../http/repeats.ts'
import type { ClientRecord } from '../store/types.ts'
import { verifyIdTokenHint } from '../tokens/id-token-hint.ts'
import { channelNamed } from './channels/registry.ts'
import { DryRun, type Made } from './dry-run.ts'
import { type ReadRequest, readUrl } from './request-source/read.ts'
import { findClient } from './target.ts'

/** What became of an authorization request that was tried. */
export interface Examined {
  /** The client, as its source has it; null if none was found. */
  readonly client: ClientRecord | null
  /** Every check, in order. */
  readonly checks: readonly Made[]
}

/**
 * Tries an authorization request: makes the checks that the authorization endpoint makes, by the same functions and in
 * the same order, but goes on behind a failed one where the next does not depend on it. No flow begins. What the request
 * refers to is fetched as at the endpoint: a registered document, the keys of the client.
 *
 * @param query - the query of the URL, without its `?`
 * @throws what is no refusal of the request
 */
export async function examine(ctx: RequestContext, query: string): Promise<Examined> {
  const run = new DryRun()
  const read = await run.make('request', () => readUrl(ctx, query))
  const client = read === undefined ? undefined : await examineRead(ctx, run, read)
  if (read === undefined) run.skip('size', 'parameters', 'client')
  if (client === undefined) {
    run.skip('repeated_parameters')
    channelNamed().skip(run)
  }
  return { client: client ?? null, checks: run.made }
}

async function examineRead(
  ctx: RequestContext,
  run: DryRun,
  { query, signed, signedTail = 0, refusal, sent = [] }: ReadRequest,
): Promise<ClientRecord | undefined> {
  const { config, profiles, clients } = ctx.rt
  await run.make('size', () => {
    if (refusal !== undefined) throw refusal
  })
  const channel = channelNamed()
  const parameters = await run.make('parameters', () => channel.read(query, profiles.server))
  if (parameters === undefined) {
    run.skip('client')
    return undefined
  }
  const client = await run.make('client', async () => {
    const { id } = await findClient(ctx, parameters)
    return (await clients.fresh(id)) ?? findClient(ctx, parameters)
  })
  if (client === undefined) return undefined
  const profile = profiles.of(client)
  await run.make('repeated_parameters', () => counting(sent, profile.repeats))
  await channel.examine(run, { client, config, profile, query, parameters, signed, signedTail })
  const hint = parameters.get('id_token_hint')
  if (hint !== undefined) await run.make('id_token_hint', () => verifyIdTokenHint(ctx, hint, client))
  return client
}
