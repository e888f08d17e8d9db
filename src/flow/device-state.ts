import * as v from 'valibot'
import { tuple } from '../crypto/tuple.ts'
import { isOwner, type Owner } from '../ledger/owner.ts'
import { flowKind } from './seal.ts'

const owner = v.custom<Owner>(isOwner)

/**
 * What the steps before a device's login have in common (format 1, tuples): `csrf` is H(CSRF cookie, id), so that only
 * the browser that began enters a code's login; `again`, whether the user is to log in anew.
 */
const step = { id: v.string(), csrf: v.string(), reauthenticate: v.boolean() }

/** A browser whose user is asked for a code; rateLimitOwner is where the guesses of its network are counted. */
export const deviceChallenge = flowKind('device_challenge', tuple({ ...step, rateLimitOwner: owner }))

/** A browser whose user knew a code: the device's ledger, and its request there. */
export const deviceVerifier = flowKind('device_verifier', tuple({ ...step, owner, device: v.string() }))
