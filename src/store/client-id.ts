import { isName } from '../util/text.ts'

/** Whether a text has the form of a client id. Any other text names no client, without a storage read. */
export const isClientId = isName
