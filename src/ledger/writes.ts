import { spend } from './allowances.ts'
import { putBlob } from './blobs.ts'
import { announceChange, changeTags, renewEpoch, settleChange } from './changes.ts'
import { consumeId } from './consumed.ts'
import { openDevice, settleDevice } from './device.ts'
import { bindSession, unbindSessions } from './directory.ts'
import { endSessions } from './end-sessions.ts'
import { erase } from './erase.ts'
import { commitGrant } from './grants.ts'
import { addInitialAccess, revokeInitialAccess, useInitialAccess } from './initial-access.ts'
import { settleNotices } from './notices.ts'
import { redeem } from './redeem.ts'
import { refresh } from './refresh.ts'
import { retractGrant, revokeGrant, revokeGrants } from './revocation.ts'
import { login } from './sessions.ts'
import type { Transaction } from './transaction.ts'

/** Methods that may write, by name. */
export type Writes = { readonly [name: string]: (tx: Transaction, input: never) => unknown }

/** The methods of a ledger that may write, each in one transaction, by name. */
export const WRITES = {
  login,
  endSessions,
  erase,
  settleNotices,
  grant: commitGrant,
  redeem,
  refresh,
  revokeGrant,
  revokeGrants,
  retractGrant,
  consumeId,
  // A token without a grant is revoked by consuming its id.
  revokeId: consumeId,
  bindSession,
  unbindSessions,
  putBlob,
  openDevice,
  settleDevice,
  spend,
  addInitialAccess,
  useInitialAccess,
  revokeInitialAccess,
  announceChange,
  settleChange,
  // What nobody settled is closed when it is asked for.
  changeTags,
  renewEpoch,
} as const satisfies Writes
