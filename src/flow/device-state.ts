import * as v from 'valibot'
import { tuple } from '../crypto/tuple.ts'
import { isOwner, type Owner } from '../ledger/owner.ts'
import { flowKind } from './seal.ts'

const owner = v.custom<Owner>(isOwner)

/**
 * What the steps before a device's login have in common (format 1, tuples). `csrf` is H(CSRF cookie, id), so that only
 * the browser that began can start the login; `reauthenticate` says whether the user has to log in again.
 */
const step = { id: v.string(), csrf: v.string(), reauthenticate: v.boolean() }

/**
 * A browser whose user has to enter a code. `rateLimitOwner` is the ledger that counts wrong tries of its network, which
 * is `wide`, and in it `narrow` (http/network.ts).
 */
const challengeFormat = tuple({
  ...step,
  rateLimitOwner: owner,
  wide: v.optional(v.string(), ''),
  narrow: v.nullish(v.string(), null),
})
export const deviceChallenge = flowKind('device_challenge', challengeFormat)

/** What is known of a browser whose user has to enter a code. */
export type DeviceChallenge = ReturnType<typeof challengeFormat.read>

/** A browser whose user entered a valid code: the device's ledger, and its request there. */
export const deviceVerifier = flowKind('device_verifier', tuple({ ...step, owner, device: v.string() }))
