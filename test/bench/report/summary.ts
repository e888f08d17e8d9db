import type { Sample } from '../generator/load.ts'
import type { Result } from '../run.ts'
import type { Measured } from '../systems/system.ts'

/** The middle value; the mean of the two in the middle of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  return (upper + lower) / 2
}

/** Medians over the rounds. */
export function summary(samples: readonly Sample[]): Sample {
  const of = (name: keyof Sample): number => median(samples.map((sample) => sample[name]))
  return {
    cpu: of('cpu'),
    perSecond: of('perSecond'),
    p50: of('p50'),
    p95: of('p95'),
    p99: of('p99'),
    units: of('units'),
    generator: of('generator'),
  }
}

/** The medians of what was measured of a system, if it was. */
export function measuredOf(result: Result | undefined, measured: Measured): Sample | undefined {
  const samples = result?.samples.get(measured)
  return samples === undefined || samples.length === 0 ? undefined : summary(samples)
}

/** The median of the ratios of two systems' CPU time, round by round. */
export function ratioOf(one: Result, other: Result, measured: Measured): number | undefined {
  const [own = [], others = []] = [one.samples.get(measured), other.samples.get(measured)]
  if (own.length === 0 || own.length !== others.length) return undefined
  return median(own.map(({ cpu }, round) => cpu / (others[round]?.cpu ?? Number.NaN)))
}
