import * as v from 'valibot'
import type { RequestContext } from '../context.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { Parameters } from '../http/form.ts'
import { ownerOf } from '../ledger/owner.ts'
import { parseBody } from './bodies.ts'
import { openDeviceChallenge, sealDeviceVerifier } from './device-state.ts'
import type { Continuation, FlowAnswer } from './request-view.ts'
import { verifyUrl, withQuery } from './urls.ts'
import { readUserCode } from './user-code.ts'

const acceptBody = v.object({ user_code: v.nullish(v.string(), '') })

/** Ledger of the device that a user code stands for (design section 4). */
export const deviceOwner = (userCode: string): string => ownerOf('device', userCode)

/**
 * Takes the user code that the verification page was given (contract 1.4.2). Writes nothing but the try itself, of which
 * each network has a limited number: the code is used when the browser has gone through login and consent.
 */
export async function acceptUserCode(
  { rt, attempt, seen }: RequestContext,
  challenge: string,
  body: unknown,
): Promise<FlowAnswer<Continuation>> {
  const opened = await openDeviceChallenge(rt, challenge)
  if (opened === undefined) throw new OAuthError('challenge_not_found')
  const { guesser, expired, expiresAt, ...step } = opened
  if (expired) return { status: 410, body: { redirect_to: verifyUrl(rt.config) } }
  const userCode = readUserCode(parseBody(acceptBody, body).user_code, rt.config.oauth2.device.userCode)
  if (userCode === '') throw invalidRequest("Field 'user_code' is missing.")
  if (!(await rt.ledgers.call(guesser, 'guess', { attempt }))) {
    throw invalidRequest('Too many codes were tried from this network: wait a few minutes.')
  }
  const owner = deviceOwner(userCode)
  const found = await rt.ledgers.call(owner, 'findDevice', null)
  if (found === null) throw invalidRequest(UNUSABLE_CODE)
  const clientId = new Parameters(new URLSearchParams(found.request)).require('client_id')
  seen(clientId)
  const verifier = await sealDeviceVerifier(rt, { ...step, owner, device: found.id }, expiresAt)
  const query = { client_id: clientId, device_verifier: verifier }
  return { status: 200, body: { redirect_to: withQuery(verifyUrl(rt.config), query) } }
}

/** Why a user code does not lead on. */
export const UNUSABLE_CODE = 'The user code is unknown, expired or already used.'
