import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { type Budget, budgetOf, placeOf } from './budgets.ts'

const HOUR_SECONDS = 3600

/**
 * Throws `too_many_requests` if it is known that the network registered as many clients as it may, before anything is
 * done for the next one.
 */
export async function requireRegistrationsLeft(ctx: RequestContext): Promise<void> {
  const budget = registrations(ctx)
  if (budget === null) return
  const held = await ctx.rt.spending.take(ctx, budget)
  held.giveBack()
  if (held.wait > 0) throw refusal(held.wait)
}

/**
 * Counts a client that is about to be registered without an initial access token: so many an hour for each network.
 * Throws `too_many_requests` if there were too many. To be called when nothing else can refuse it any more.
 */
export async function countRegistration(ctx: RequestContext): Promise<void> {
  const budget = registrations(ctx)
  if (budget === null) return
  const { spent, wait } = await ctx.rt.spending.spend(ctx, budget)
  if (!spent) throw refusal(wait)
}

/** Returns the registrations of the request's network; null if nothing is counted. */
function registrations({ rt, network }: RequestContext): Budget | null {
  const { hourlyLimit } = rt.config.registration
  if (network === null || hourlyLimit === 0) return null
  return budgetOf(
    'registration',
    '',
    { burst: hourlyLimit, seconds: HOUR_SECONDS },
    placeOf(network, rt.config.residency),
  )
}

const refusal = (seconds: number): OAuthError =>
  new OAuthError('too_many_requests', 'registrations_used_up', { seconds })
