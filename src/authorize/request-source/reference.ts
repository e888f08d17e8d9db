import type { Config } from '../../config/types.ts'
import { OAuthError } from '../../errors/oauth-error.ts'
import { fetchOutbound, type OutboundResult } from '../../http/outbound.ts'
import { BoundedMap } from '../../util/bounded-map.ts'
import { SharedLoad } from '../../util/shared-load.ts'
import { openObject } from './object.ts'
import type { CarriedSource } from './source.ts'

/** The most addresses whose fetches are shared, in one isolate. */
const MAX_ADDRESSES = 200

const underWay = new WeakMap<Config, BoundedMap<SharedLoad<OutboundResult>>>()

/** Fetches a request object; requests that ask for the same address at the same time share one fetch. */
function fetchOnce(config: Config, uri: string): Promise<OutboundResult> {
  const loads = underWay.get(config) ?? new BoundedMap(MAX_ADDRESSES)
  underWay.set(config, loads)
  const load = loads.get(uri) ?? new SharedLoad<OutboundResult>()
  loads.set(uri, load)
  return load.join(() => fetchOutbound(config, 'request_object', uri))
}

/** Takes a request object at one of the client's registered addresses (OIDC Core section 6.2). */
export const reference: CarriedSource = {
  parameter: 'request_uri',
  takes: (uri) => /^https?:/i.test(uri),
  open: async (ctx, client, uri) => {
    if (!client.metadata.request_uris.includes(uri))
      throw new OAuthError('invalid_request_uri', 'request_uri_unregistered')
    const { answer } = await fetchOnce(ctx.rt.config, uri)
    if (answer?.status !== 200) throw new OAuthError('invalid_request_uri', 'request_uri_unavailable')
    return openObject(ctx, client, new TextDecoder().decode(answer.body).trim())
  },
}
