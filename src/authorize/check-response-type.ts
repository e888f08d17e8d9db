import { noParameter } from '../errors/missing.ts'
import { invalidGrant, OAuthError } from '../errors/oauth-error.ts'
import type { Check, Target } from './request.ts'

const KNOWN: readonly string[] = ['code', 'id_token', 'token']

/** The response types, in the order in which discovery lists them. */
export const RESPONSE_TYPES: readonly string[] = [
  'code',
  'id_token',
  'token',
  'id_token token',
  'code id_token',
  'code token',
  'code id_token token',
]

/** The values of a response type, sorted, because their order has no meaning (RFC 6749 section 3.1.1). */
export const typesIn = (text = ''): readonly string[] => [...new Set(text.split(' ').filter(Boolean))].sort()

/** Whether the authorization endpoint itself issues tokens: the implicit and hybrid flows. */
export const isFrontChannel = ({ responseTypes }: Pick<Target, 'responseTypes'>): boolean =>
  responseTypes.includes('id_token') || responseTypes.includes('token')

/**
 * Checks that the response type is registered, in any order of its values; a client that lists none has `code`
 * (contract 3.6). Tokens never go into a query, and only to clients with grant type `implicit` (Multiple Response Type
 * Encoding Practices section 3, OIDC Core sections 3.2 and 3.3).
 */
export const checkResponseType: Check = ({ client, responseTypes, responseMode, scope }) => {
  const { response_types: listed, grant_types: grants } = client.metadata
  const registered = listed === null || listed.length === 0 ? ['code'] : listed
  if (responseTypes.length === 0) {
    const facts = noParameter('response_type', `one of the client's response_types: ${registered.join(', ')}`)
    throw new OAuthError('unsupported_response_type', 'parameter_missing', facts)
  }
  const asked = responseTypes.join(' ')
  const known = responseTypes.every((type) => KNOWN.includes(type))
  if (!known || !registered.some((entry) => typesIn(entry).join(' ') === asked))
    throw new OAuthError('unsupported_response_type', 'response_type_unregistered', {
      response_type: asked,
      registered: registered.join(', '),
    })
  if (!responseMode.fits(responseTypes))
    throw new OAuthError('unsupported_response_mode', 'response_mode_unfit')
  if (!isFrontChannel({ responseTypes })) return
  const needed = responseTypes.includes('code') ? ['implicit', 'authorization_code'] : ['implicit']
  const missing = needed.find((grant) => !(grants ?? ['authorization_code']).includes(grant))
  if (missing !== undefined) throw invalidGrant('grant_type_not_allowed', { grant_type: missing })
  if (responseTypes.includes('id_token') && !scope.includes('openid'))
    throw new OAuthError('invalid_scope', 'openid_missing')
}
