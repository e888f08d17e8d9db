import { isName } from '../util/text.ts'

/** Whether a text may be a client id at all; anything else is unknown without a look into storage. */
export const isClientId = isName
