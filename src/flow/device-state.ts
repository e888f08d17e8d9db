import * as v from 'valibot'
import { tuple } from '../crypto/tuple.ts'
import type { EnvelopeKind } from '../crypto/types.ts'
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
const step = { id: v.string(), csrf: v.string(), again: v.boolean() }
const challengeFormat = tuple({ ...step, guesser: owner })
const verifierFormat = tuple({ ...step, owner, device: v.string() })

/** Seals a device challenge, good until `expiresAt` (seconds since the epoch). */
export const sealDeviceChallenge = (
  rt: Runtime,
  challenge: DeviceChallenge,
  expiresAt: number,
): Promise<string> => rt.envelopes.seal('device_challenge', challengeFormat.write(challenge), expiresAt)

/** Seals a device verifier. */
export const sealDeviceVerifier = (
  rt: Runtime,
  verifier: DeviceVerifier,
  expiresAt: number,
): Promise<string> => rt.envelopes.seal('device_verifier', verifierFormat.write(verifier), expiresAt)

/** Opens a device challenge; `undefined` when it was not sealed here as one. */
export const openDeviceChallenge = (
  rt: Runtime,
  text: string,
): Promise<OpenedStep<DeviceChallenge> | undefined> =>
  open(rt, 'device_challenge', challengeFormat.read, text)

/** Opens a device verifier; `undefined` when it was not sealed here as one. */
export const openDeviceVerifier = (
  rt: Runtime,
  text: string,
): Promise<OpenedStep<DeviceVerifier> | undefined> => open(rt, 'device_verifier', verifierFormat.read, text)

async function open<Step>(
  rt: Runtime,
  kind: EnvelopeKind,
  read: (data: unknown) => Step,
  text: string,
): Promise<OpenedStep<Step> | undefined> {
  const opened = await rt.envelopes.open(kind, text)
  if (opened === undefined) return undefined
  const expiresAt = opened.expiresAt ?? 0
  return { ...read(opened.data), expired: expiresAt <= nowSeconds(), expiresAt }
}
