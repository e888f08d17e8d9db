import { version } from '../../package.json'

/** The release, as this server names it (contract 1.1). */
export const release = `v${version}`
