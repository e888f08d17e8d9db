import * as v from 'valibot'
import type { RequestContext } from '../context.ts'
import { noField } from '../errors/missing.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { readQuery } from '../http/form.ts'
import type { Network } from '../http/network.ts'
import { type Owner, ownersOf } from '../ledger/owner.ts'
import type { Output } from '../ledger/types.ts'
import { userCodeGuess } from '../limits/guesses.ts'
import type { Runtime } from '../runtime.ts'
import { string } from '../util/schema.ts'
import { parseBody } from './bodies.ts'
import { callsOn } from './challenge.ts'
import { type DeviceChallenge, deviceChallenge, deviceVerifier } from './device-state.ts'
import { verifyUrl } from './urls.ts'
import { readUserCode } from './user-code.ts'

const acceptBody = v.object({ user_code: v.nullish(string, '') }, 'a JSON object')

/** A pending request of a device, and its ledger. */
type Found = NonNullable<Output<'findDevice'>> & { readonly owner: Owner }

/** Finds the request of the device that shows a user code (design section 4); null if there is none. */
async function findDevice({ config, ledgers }: Runtime, userCode: string): Promise<Found | null> {
  for (const owner of ownersOf('device', userCode, config.residency)) {
    const found = await ledgers.call(owner, 'findDevice', null)
    if (found !== null) return { ...found, owner }
  }
  return null
}

/**
 * Finds the request of a user code that a browser typed or brought. A wrong code is counted for its network, whoever
 * asks, so that no page tells a stranger for nothing which codes there are.
 *
 * @throws `invalid_request` for a wrong code, `too_many_requests` if the network tried too many
 */
async function findTyped(ctx: RequestContext, browser: DeviceChallenge, userCode: string): Promise<Found> {
  const guess = userCodeGuess(browser, browser.rateLimitOwner)
  await guess.begin(ctx)
  await requireFewTries(ctx, browser)
  const found = await findDevice(ctx.rt, userCode)
  if (found === null) {
    await guess.missed(ctx)
    throw invalidRequest('user_code_unusable')
  }
  guess.hit()
  return found
}

const clientIdOf = ({ request }: Found): string => readQuery(request).require('client_id')

/**
 * Returns the id of the client whose device shows a user code, to be shown beside it. Counts and throws as a try of the
 * code does.
 */
export const clientOfUserCode = async (
  ctx: RequestContext,
  browser: DeviceChallenge,
  userCode: string,
): Promise<string> => clientIdOf(await findTyped(ctx, browser, userCode))

/**
 * Accepts a user code for a challenge of the verification page (contract 1.4.2). Writes nothing, unless the code is
 * wrong: the code is used when the browser has finished login and consent. Wrong ones are limited for each network.
 */
export const acceptUserCode = callsOn(
  deviceChallenge,
  verifyUrl,
)(async (ctx, { state, expiresAt }, body) => {
  const { rt, seen } = ctx
  const userCode = readUserCode(parseBody(acceptBody, body).user_code, rt.config.oauth2.device.userCode)
  if (userCode === '') throw invalidRequest('field_missing', noField('user_code'))
  const found = await findTyped(ctx, state, userCode)
  const clientId = clientIdOf(found)
  seen(clientId)
  const url = verifyUrl(rt.config)
  const step = { ...state, owner: found.owner, device: found.id }
  return { redirect_to: await deviceVerifier.urlWith(rt, url, step, expiresAt, { client_id: clientId }) }
})

/** How many user codes there must be, so that no number of networks finds one by guessing. */
const MANY_CODES = 10 ** 11

/**
 * Counts all tries of all networks together where there are few codes: somebody with very many networks could find one.
 * A browser's network counts first, so that none uses up the tries of all with a code that is right. Throws
 * `too_many_requests` if there are too many.
 */
async function requireFewTries({ rt }: RequestContext, browser: Network): Promise<void> {
  const { length, characterSet } = rt.config.oauth2.device.userCode
  if (characterSet.length ** length >= MANY_CODES) return
  const known = browser.wide === '' ? null : browser
  const refusal = (await rt.floods.ofNetwork('device', known)) ?? (await rt.floods.ofAll('user_code'))
  if (refusal !== undefined) throw refusal
}
