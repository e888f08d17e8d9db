import type { Location } from '../config/residency.ts'

/** East of this, in degrees, Europe is its east, and Asia no longer the Middle East. */
const EAST = { EU: 15, AS: 60 } as const

/** West of this, in degrees, North America is its west. */
const WEST = -100

/**
 * Returns the region that a browser is in, as far as the platform tells where that is; null if it does not.
 */
export function regionOf({ cf }: Request): Location | null {
  const continent: unknown = cf?.['continent']
  const east = Number.parseFloat(String(cf?.['longitude']))
  switch (continent) {
    case 'EU':
      return east > EAST.EU ? 'eeur' : 'weur'
    case 'NA':
      return east < WEST ? 'wnam' : 'enam'
    case 'AS':
      return east < EAST.AS ? 'me' : 'apac'
    case 'SA':
      return 'sam'
    case 'AF':
      return 'afr'
    case 'OC':
      return 'oc'
    default:
      return null
  }
}
