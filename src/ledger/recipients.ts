import { fitting, readStored } from '../errors/stored-json.ts'
import { arrayOf, isText } from '../util/guard.ts'
import type { ClientId } from '../util/ids.ts'
import type { Row } from './schema.ts'

/** A client that is told when a session ends, and its own names for subject and session (`encodeNotify`). */
export type AtEnd = readonly [client: ClientId, notify: string]

const isAtEnd = (value: unknown): value is AtEnd =>
  Array.isArray(value) && value.length === 2 && value.every(isText)
const readForm = fitting(arrayOf(isAtEnd))

/** Returns the clients that are told when a session ends. Throws `server_error` for an unknown form. */
export const readRecipients = ({ recipients }: Pick<Row<'sessions'>, 'recipients'>): readonly AtEnd[] =>
  readStored(recipients, 'sessions.recipients', readForm)

/** Returns the stored form of the clients that are told when a session ends. */
export const encodeRecipients = (recipients: readonly AtEnd[]): string => JSON.stringify(recipients)
