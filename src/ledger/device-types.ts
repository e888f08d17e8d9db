import type { ConsentedGrant } from './grant-types.ts'

export interface DeviceInput {
  readonly attempt: string
  /** Random: a user code may come again for another device. */
  readonly id: string
  /** What the device asked for, as a query. */
  readonly request: string
  readonly expiresAt: number
}

export type DeviceRequestView = Omit<DeviceInput, 'attempt'>

export interface PollInput {
  readonly id: string
  readonly intervalMs: number
}

export type PollResult =
  | { readonly status: 'pending' | 'slow_down' | 'denied' | 'gone' }
  | { readonly status: 'approved'; readonly grant: ConsentedGrant }

export interface SettleInput {
  readonly attempt: string
  readonly id: string
  /** The grant that the user gave the device; null is a denial. */
  readonly grant: ConsentedGrant | null
}

export type SettleResult =
  | { readonly status: 'settled'; readonly first: boolean }
  /** Settled otherwise before. */
  | { readonly status: 'taken' }
  | { readonly status: 'gone' }
