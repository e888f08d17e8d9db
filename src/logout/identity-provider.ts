import { fetchOutbound } from '../http/outbound.ts'
import type { ProviderNotice } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import { type Delivery, deliveryOf } from './delivery.ts'

/**
 * Ends the identity provider's session that a login rests on, as Hydra does with Ory Kratos (contract 3.11): `DELETE
 * /admin/sessions/{id}`, to the URL of the setting or over the binding `IDENTITY_PROVIDER`. A session that is gone
 * already is as good. Any answer below 500 is final.
 */
export async function endProviderSession(rt: Runtime, notice: ProviderNotice): Promise<Delivery> {
  const provider = rt.config.identityProvider
  if (provider === null) return 'moot'
  const url = `${provider.url}/admin/sessions/${encodeURIComponent(notice.sid)}`
  const init = { method: 'DELETE', headers: provider.headers }
  const binding = provider.bound ? rt.env.IDENTITY_PROVIDER : undefined
  const { answer } = await fetchOutbound(rt.config, 'identity_provider', url, init, binding)
  const gone = answer?.status === 404 || answer?.status === 410
  return gone ? 'sent' : deliveryOf(notice, answer?.status)
}
