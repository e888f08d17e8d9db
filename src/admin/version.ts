import { version as number } from '../../package.json'
import { json } from '../http/json.ts'

/** The release. */
export const release = `v${number}`

/** The version of this server (contract 1.1). */
export const version = (): Response => json({ version: release })
