import * as v from 'valibot'
import { invalidRequest } from '../errors/oauth-error.ts'
import { readQuery } from '../http/form.ts'
import { type Owner, ownerOf } from '../ledger/owner.ts'
import { parseBody } from './bodies.ts'
import { callsOn } from './challenge.ts'
import { deviceChallenge, deviceVerifier } from './device-state.ts'
import { verifyUrl } from './urls.ts'
import { readUserCode } from './user-code.ts'

const acceptBody = v.object({ user_code: v.nullish(v.string(), '') })

/** The ledger of the device that shows this user code (design section 4). */
export const deviceOwner = (userCode: string): Owner => ownerOf('device', userCode)

/**
 * Accepts a user code for a challenge of the verification page (contract 1.4.2). Writes only a count of tries, which
 * are limited for each network: the code is used when the browser has finished login and consent.
 */
export const acceptUserCode = callsOn(
  deviceChallenge,
  verifyUrl,
)(async ({ rt, attempt, seen, audit }, { state, expiresAt }, body) => {
  const userCode = readUserCode(parseBody(acceptBody, body).user_code, rt.config.oauth2.device.userCode)
  if (userCode === '') throw invalidRequest('field_missing', { field: 'user_code' })
  if (!(await rt.ledgers.call(state.rateLimitOwner, 'guess', { attempt }))) {
    audit('guess.braked', { reason: 'user_code_guessed' })
    throw invalidRequest('user_code_guessed')
  }
  const owner = deviceOwner(userCode)
  const found = await rt.ledgers.call(owner, 'findDevice', null)
  if (found === null) throw invalidRequest('user_code_unusable')
  const clientId = readQuery(found.request).require('client_id')
  seen(clientId)
  const url = verifyUrl(rt.config)
  const step = { ...state, owner, device: found.id }
  return { redirect_to: await deviceVerifier.urlWith(rt, url, step, expiresAt, { client_id: clientId }) }
})
