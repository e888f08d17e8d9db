import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { type Network, neighbourhood } from '../http/network.ts'
import type { Owner } from '../ledger/owner.ts'
import { type Budget, budgetOf, placeOf, type Rate } from './budgets.ts'
import type { Held } from './spending.ts'

/** How many wrong secrets of a client, and how many wrong user codes, a network may try: as many again in ten minutes. */
const WRONG_TRIES: Rate = { burst: 60, seconds: 600 }

/** Something secret that a network may try so often. Only wrong tries count. */
export interface Guess {
  /** Throws `too_many_requests` if the network has no try left. To be called before the secret is compared. */
  begin(ctx: RequestContext): Promise<void>
  /** Notes that the secret was right. */
  hit(): void
  /** Counts a wrong try. Throws `too_many_requests` if others used up the last one meanwhile. */
  missed(ctx: RequestContext): Promise<void>
}

/**
 * Returns the guess of a client's secret. Counted by client and network: a guesser must not lock out the client, which
 * comes from elsewhere. Null if nothing is counted: no network is known, or the limit is off.
 */
export function secretGuess({ rt, network }: RequestContext, clientId: string): Guess | null {
  if (network === null || rt.config.limitsOff.includes('secret')) return null
  const budget = budgetOf('secret', clientId, WRONG_TRIES, placeOf(network, rt.config.residency))
  return guessOf(budget, 'secret_guessed', { client_id: clientId })
}

/** Returns the guess of a user code by the network of a browser, which is counted in an owner's ledger. */
export function userCodeGuess({ wide, narrow }: Network, owner: Owner): Guess {
  const budget = budgetOf('user_code', '', WRONG_TRIES, { wide, narrow, owner: () => owner })
  // The request comes from the login app, the guess from the browser.
  return guessOf(budget, 'user_code_guessed', { network: neighbourhood({ wide, narrow }) ?? '' })
}

/** Returns the guess of a user code through the admin API. Counted by who acts, wherever from: a key is no browser. */
export function adminGuess({ rt, actor }: RequestContext): Guess {
  const caller = { wide: `admin ${actor() ?? ''}`, narrow: null }
  const budget = budgetOf('user_code', '', WRONG_TRIES, placeOf(caller, rt.config.residency))
  return guessOf(budget, 'user_code_guessed_by_key', {})
}

function guessOf(
  budget: Budget,
  reason: 'secret_guessed' | 'user_code_guessed' | 'user_code_guessed_by_key',
  who: Readonly<Record<string, string>>,
): Guess {
  const refusal = (seconds: number): OAuthError => new OAuthError('too_many_requests', reason, { seconds })
  let held: Held | undefined
  return {
    async begin(ctx) {
      held = await ctx.rt.spending.take(ctx, budget)
      if (held.wait > 0) throw refusal(held.wait)
    },
    hit: () => held?.giveBack(),
    async missed(ctx) {
      const { spent, wait } = await ctx.rt.spending.spend(ctx, budget)
      if (!spent) throw refusal(wait)
      if (wait > 0) ctx.audit('guess.braked', { reason, ...who })
    },
  }
}
