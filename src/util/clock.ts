import type { Brand } from './brand.ts'

/**
 * A time in seconds since the epoch, or a duration in seconds: the unit of OAuth and JWT times (RFC 7519 section 2).
 */
export type Seconds = Brand<number, 'seconds'>

/** A time in milliseconds since the epoch, or a duration in milliseconds. */
export type Milliseconds = Brand<number, 'milliseconds'>

/** Returns a number as seconds. `Milliseconds` do not compile. */
export function seconds<N extends number>(number: N extends Milliseconds ? never : N): Seconds
export function seconds(number: number): number {
  return number
}

/** Returns a number as milliseconds. `Seconds` do not compile. */
export function milliseconds<N extends number>(number: N extends Seconds ? never : N): Milliseconds
export function milliseconds(number: number): number {
  return number
}

/** Converts seconds to milliseconds. */
export const msOf = (time: Seconds): Milliseconds => milliseconds(time * 1000)

/** Converts milliseconds to whole seconds, rounded down. */
export const secondsOf = (time: Milliseconds): Seconds => seconds(Math.floor(time / 1000))

/** Returns the time that is `lifetime` after `start`. */
export const after = (start: Seconds, lifetime: Seconds): Seconds => seconds(start + lifetime)

/** Returns the time that is `pause` after `start`. */
export const msAfter = (start: Milliseconds, pause: Milliseconds): Milliseconds => milliseconds(start + pause)

/** Returns the current time, milliseconds since the epoch. */
export const nowMs = (): Milliseconds => milliseconds(Date.now())

/** Returns the current time, whole seconds since the epoch. */
export const nowSeconds = (): Seconds => secondsOf(nowMs())
