import type { Parser } from './parsers.ts'

/** Where the platform must keep a Durable Object; `none` leaves it to the platform. */
export type Jurisdiction = (typeof JURISDICTIONS)[number]

export const JURISDICTIONS = ['none', 'eu', 'us', 'fedramp'] as const

/** A region in which a new Durable Object should be, if there is room. */
export type Location = (typeof LOCATIONS)[number]

export const LOCATIONS = [
  ...['wnam', 'enam', 'sam', 'weur', 'eeur'],
  ...['apac', 'apac-ne', 'apac-se', 'oc', 'afr', 'me'],
] as const satisfies readonly DurableObjectLocationHint[]

/** Where ledgers are. */
export interface Residency {
  /** Where those of new owners are. */
  readonly jurisdiction: Jurisdiction
  /** Every jurisdiction in which an owner may have one, that of new owners first. */
  readonly jurisdictions: readonly [Jurisdiction, ...Jurisdiction[]]
  /** Near what a new ledger should be: a region, or `auto` for the browser's; null for whoever asks first. */
  readonly location: Location | 'auto' | null
}

/** The regions in a jurisdiction. */
const REGIONS: Readonly<Record<Jurisdiction, readonly Location[]>> = {
  none: LOCATIONS,
  eu: ['weur', 'eeur'],
  us: ['wnam', 'enam'],
  fedramp: ['wnam', 'enam'],
}

/** Whether a region is in a jurisdiction. */
export const isWithin = (location: Location, jurisdiction: Jurisdiction): boolean =>
  REGIONS[jurisdiction].includes(location)

/** Parses the name of a jurisdiction; `expected` is plural, for lists of them. */
export const jurisdictionName: Parser<Jurisdiction> = {
  expected: JURISDICTIONS.join(', '),
  parse: (text) => JURISDICTIONS.find((name) => name === text.toLowerCase()),
}

/** Where ledgers are unless settings say otherwise. */
export const ANYWHERE: Residency = { jurisdiction: 'none', jurisdictions: ['none'], location: null }

/** Returns where ledgers are, by the settings. */
export const residencyOf = (given: {
  readonly jurisdiction: Jurisdiction
  readonly before: readonly Jurisdiction[]
  readonly location: Residency['location']
}): Residency => ({
  jurisdiction: given.jurisdiction,
  jurisdictions: [given.jurisdiction, ...new Set(given.before.filter((name) => name !== given.jurisdiction))],
  location: given.location,
})
