import * as v from 'valibot'
import type { EnvelopeKind } from '../crypto/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { isOwner } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'
import { nowSeconds } from '../util/clock.ts'

/** What the steps before a device's login have in common (format 1, tuples). */
interface DeviceStep {
  readonly id: string
  /** H(CSRF cookie, id): only the browser that began enters a code's login. */
  readonly csrf: string
  /** Whether the user is to log in anew. */
  readonly again: boolean
}

/** A browser whose user is asked for a code. */
export interface DeviceChallenge extends DeviceStep {
  /** Where the guesses of this browser's network are counted. */
  readonly guesser: string
}

/** A browser whose user knew a code: the device's ledger, and its request there. */
export interface DeviceVerifier extends DeviceStep {
  readonly owner: string
  readonly device: string
}

/** A step that was sealed here; `expired` ones are still read, for a fresh start. */
export type OpenedStep<Step> = Step & { readonly expired: boolean; readonly expiresAt: number }

const owner = v.custom<string>(isOwner)
const challengeFormat = v.looseTuple([v.string(), v.string(), v.boolean(), owner])
const verifierFormat = v.looseTuple([v.string(), v.string(), v.boolean(), owner, v.string()])

/** Seals a device challenge, good until `expiresAt` (seconds since the epoch). */
export const sealDeviceChallenge = (rt: Runtime, step: DeviceChallenge, expiresAt: number): Promise<string> =>
  rt.envelopes.seal('device_challenge', [step.id, step.csrf, step.again, step.guesser], expiresAt)

/** Seals a device verifier. */
export const sealDeviceVerifier = (rt: Runtime, step: DeviceVerifier, expiresAt: number): Promise<string> =>
  rt.envelopes.seal('device_verifier', [step.id, step.csrf, step.again, step.owner, step.device], expiresAt)

/** Opens a device challenge; `undefined` when it was not sealed here as one. */
export async function openDeviceChallenge(
  rt: Runtime,
  text: string,
): Promise<OpenedStep<DeviceChallenge> | undefined> {
  const opened = await open(rt, 'device_challenge', challengeFormat, text)
  if (opened === undefined) return undefined
  const [id, csrf, again, guesser] = opened.data
  return { id, csrf, again, guesser, ...opened.time }
}

/** Opens a device verifier; `undefined` when it was not sealed here as one. */
export async function openDeviceVerifier(
  rt: Runtime,
  text: string,
): Promise<OpenedStep<DeviceVerifier> | undefined> {
  const opened = await open(rt, 'device_verifier', verifierFormat, text)
  if (opened === undefined) return undefined
  const [id, csrf, again, owner, device] = opened.data
  return { id, csrf, again, owner, device, ...opened.time }
}

async function open<Schema extends v.GenericSchema>(
  rt: Runtime,
  kind: EnvelopeKind,
  schema: Schema,
  text: string,
) {
  const opened = await rt.envelopes.open(kind, text)
  if (opened === undefined) return undefined
  const parsed = v.safeParse(schema, opened.data)
  if (!parsed.success) throw new OAuthError('server_error')
  const expiresAt = opened.expiresAt ?? 0
  return { data: parsed.output, time: { expired: expiresAt <= nowSeconds(), expiresAt } }
}
