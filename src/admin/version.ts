import { json } from '../http/json.ts'
import { release } from '../util/release.ts'

/** The version of this server (contract 1.1). */
export const version = (): Response => json({ version: release })
