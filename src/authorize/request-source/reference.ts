import { OAuthError } from '../../errors/oauth-error.ts'
import { documentAt } from './documents.ts'
import { openObject } from './object.ts'
import type { CarriedSource } from './source.ts'

/** Takes a request object at one of the client's registered addresses (OIDC Core section 6.2). */
export const reference: CarriedSource = {
  parameter: 'request_uri',
  takes: (uri) => /^https?:/i.test(uri),
  open: async (ctx, client, uri) => {
    if (!client.metadata.request_uris.includes(uri))
      throw new OAuthError('invalid_request_uri', 'request_uri_unregistered')
    const document = await documentAt(ctx.rt.config, uri)
    if (document === undefined) throw new OAuthError('invalid_request_uri', 'request_uri_unavailable')
    return openObject(ctx, client, document)
  },
}
