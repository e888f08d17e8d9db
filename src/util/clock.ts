import type { Brand } from './brand.ts'

/** A moment in seconds since the epoch, the unit of every OAuth and JWT time (RFC 7519 section 2), or a number of them. */
export type Seconds = Brand<number, 'seconds'>

/** A moment in milliseconds since the epoch, or a number of them. */
export type Milliseconds = Brand<number, 'milliseconds'>

/** Takes a number for seconds; what is known to be milliseconds does not compile. */
export function seconds<N extends number>(number: N extends Milliseconds ? never : N): Seconds
export function seconds(number: number): number {
  return number
}

/** Takes a number for milliseconds; what is known to be seconds does not compile. */
export function milliseconds<N extends number>(number: N extends Seconds ? never : N): Milliseconds
export function milliseconds(number: number): number {
  return number
}

/** Seconds as milliseconds. */
export const msOf = (time: Seconds): Milliseconds => milliseconds(time * 1000)

/** Whole seconds of milliseconds. */
export const secondsOf = (time: Milliseconds): Seconds => seconds(Math.floor(time / 1000))

/** The moment so many seconds after another. */
export const after = (start: Seconds, lifetime: Seconds): Seconds => seconds(start + lifetime)

/** The moment so many milliseconds after another. */
export const msAfter = (start: Milliseconds, pause: Milliseconds): Milliseconds => milliseconds(start + pause)

/** The current time. */
export const nowMs = (): Milliseconds => milliseconds(Date.now())

/** The current time, in whole seconds. */
export const nowSeconds = (): Seconds => secondsOf(nowMs())
