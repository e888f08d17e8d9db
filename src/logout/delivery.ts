import { type LogFields, logLine } from '../http/log.ts'
import type { Notice } from '../ledger/types.ts'

/**
 * What became of one try of a notice. It arrived; it was refused, which is final; nobody is left to be told; or the
 * ledger's alarm tries it again.
 */
export type Delivery = 'sent' | 'refused' | 'moot' | 'unsent'

/**
 * Judges the answer to a notice. One below 500 is final; a refusal is logged.
 *
 * @param status - of the answer; `undefined` if there was none
 */
export function deliveryOf(notice: Notice, status: number | undefined): Delivery {
  if (status === undefined) return unsent(notice, 'outbound_failed')
  if (status >= 400) logLine('logout.refused', { ...recipient(notice), status })
  if (status >= 500) return 'unsent'
  return status >= 400 ? 'refused' : 'sent'
}

/** Logs that a notice could not be sent. */
export function unsent(notice: Notice, error: string): Delivery {
  logLine('logout.unsent', { ...recipient(notice), error })
  return 'unsent'
}

const recipient = (notice: Notice): LogFields =>
  notice.kind === 'client' ? { client_id: notice.client } : { purpose: notice.kind }
