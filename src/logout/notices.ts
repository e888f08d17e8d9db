import { OAuthError } from '../errors/oauth-error.ts'
import type { Owner } from '../ledger/owner.ts'
import type { Notice } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import { countNotice } from '../telemetry/data-points.ts'
import { mapConcurrent } from '../util/map-concurrent.ts'
import { tellClient } from './back-channel.ts'
import { type Delivery, unsent } from './delivery.ts'
import { endProviderSession } from './identity-provider.ts'

/** Sends a notice that a session ended, as its kind says. */
function send(rt: Runtime, notice: Notice): Promise<Delivery> {
  switch (notice.kind) {
    case 'client':
      return tellClient(rt, notice)
    case 'identity_provider':
      return endProviderSession(rt, notice)
  }
}

/** Tries a notice once, and counts what became of it. Never throws; returns whether it need not be tried again. */
export async function deliverNotice(rt: Runtime, notice: Notice): Promise<boolean> {
  const outcome = await send(rt, notice).catch((thrown: unknown) =>
    unsent(notice, thrown instanceof OAuthError ? thrown.code : 'server_error'),
  )
  const settled = outcome !== 'unsent'
  const again = notice.last === true ? 'given_up' : 'retried'
  const client = notice.kind === 'client' ? notice.client : null
  countNotice(rt.env.METRICS, notice.kind, settled ? outcome : again, client)
  return settled
}

/** Sends notices, and records those that are settled; the ledger's alarm tries the others again. */
export async function deliverNotices(rt: Runtime, owner: Owner, notices: readonly Notice[]): Promise<void> {
  const settled = await mapConcurrent(notices, (notice) => deliverNotice(rt, notice))
  const ids = notices.filter((_, index) => settled[index] === true).map(({ id }) => id)
  if (ids.length > 0) await rt.ledgers.call(owner, 'settleNotices', { ids })
}
