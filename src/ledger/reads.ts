import { left } from './allowances.ts'
import { getBlob } from './blobs.ts'
import { countGrants, listGrants } from './consents.ts'
import { isConsumed } from './consumed.ts'
import { findDevice, pollDevice } from './device.ts'
import { owners } from './directory.ts'
import { loginEpoch } from './epochs.ts'
import { inspect } from './grants.ts'
import { countInitialAccess, findInitialAccess, listInitialAccess } from './initial-access.ts'
import { countSessions, listSessions } from './session-list.ts'
import { readSession } from './sessions.ts'
import { deviceStory, story } from './story.ts'
import { listHeld } from './subject.ts'
import type { FirstKeyInput, View } from './transaction.ts'

/** Methods that only read, by name. They get a `View`, whose tables cannot be written. */
export type Reads = { readonly [name: string]: (view: View, input: never) => unknown }

/** The methods of a ledger that change nothing, by name. A method that writes does not compile here. */
export const READS = {
  ping: () => 'ok' as const,
  session: readSession,
  loginEpoch,
  inspect,
  listGrants,
  countGrants,
  listSessions,
  countSessions,
  listHeld,
  story,
  deviceStory,
  isIdRevoked: isConsumed,
  owners,
  getBlob,
  findDevice,
  pollDevice,
  left,
  findInitialAccess,
  listInitialAccess,
  countInitialAccess,
  /** Makes the first key of a set, unless it has one that signs. Nothing is written here. False if D1 is not reached. */
  makeFirstKey: (view: View, input: FirstKeyInput) => view.makeFirstKey(input),
} as const satisfies Reads
