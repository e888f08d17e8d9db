import { version as release } from '../../package.json'
import { json } from '../http/json.ts'

/** The version of this server (contract 1.1). */
export const version = (): Response => json({ version: `v${release}` })
