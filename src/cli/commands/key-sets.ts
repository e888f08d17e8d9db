import { segment } from '../paths.ts'

/** The sets whose keys the server itself signs with. */
export const OWN_SETS = ['hydra.openid.id-token', 'hydra.jwt.access-token'] as const

/** The path of a key set, or of a key in it. */
export const keyPath = (set: string, kid?: string): string =>
  `/keys/${segment(set)}${kid === undefined ? '' : `/${segment(kid)}`}`
