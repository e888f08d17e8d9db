import { Buffer } from 'node:buffer'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import { type Assertion, readAssertion } from './jwt-profile.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const BASIC = /^basic +(.*)$/i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/** How a client names itself, and what it proves it with. */
export type Credentials =
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post'
      readonly id: string
      readonly secret: string
    }
  | { readonly method: 'none'; readonly id: string }
  | { readonly method: 'private_key_jwt'; readonly id: string; readonly assertion: Assertion }

/**
 * Reads the client's credentials from a request (RFC 6749 section 2.3.1, RFC 7523 section 2.2). Throws `invalid_request` when there are
 * none, more than one kind, or a malformed Basic header, and `invalid_client` for an assertion that names no client.
 */
export function readCredentials(authorization: string | undefined, form: Parameters): Credentials {
  const basic = readBasic(authorization)
  const id = form.get('client_id')
  const secret = form.get('client_secret')
  const hasAssertion =
    form.get('client_assertion_type') !== undefined || form.get('client_assertion') !== undefined
  const kinds = [basic !== undefined, secret !== undefined, hasAssertion].filter(Boolean).length
  if (kinds > 1) throw malformed('The client authenticates in more than one way.')
  if (hasAssertion) return readClientAssertion(form)
  if (basic !== undefined) {
    if (id !== undefined && id !== basic.id)
      throw malformed("Parameter 'client_id' differs from the Basic user name.")
    // An empty password proves nothing: the client only names itself.
    return basic.secret === ''
      ? { method: 'none', id: basic.id }
      : { method: 'client_secret_basic', ...basic }
  }
  if (id === undefined) throw malformed('The request names no client.')
  return secret === undefined ? { method: 'none', id } : { method: 'client_secret_post', id, secret }
}

function readBasic(
  authorization: string | undefined,
): { readonly id: string; readonly secret: string } | undefined {
  const encoded = BASIC.exec(authorization?.trim() ?? '')?.[1]
  if (encoded === undefined) return undefined
  try {
    if (!BASE64.test(encoded)) throw new TypeError('base64')
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(encoded, 'base64'),
    )
    const colon = text.indexOf(':')
    if (colon < 1) throw new TypeError('colon')
    return { id: fromForm(text.slice(0, colon)), secret: fromForm(text.slice(colon + 1)) }
  } catch {
    throw malformed('The Basic authorization header is malformed.')
  }
}

/** Both halves are form-encoded (RFC 6749 section 2.3.1 and appendix B). */
const fromForm = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))

function readClientAssertion(form: Parameters): Credentials {
  if (form.get('client_assertion_type') !== ASSERTION_TYPE)
    throw malformed("Parameter 'client_assertion_type' is unknown.")
  const assertion = readAssertion(form.require('client_assertion'))
  if (assertion === undefined || assertion.sub === '' || assertion.iss !== assertion.sub) {
    throw new OAuthError(
      'invalid_client',
      "The assertion must be a JWT whose 'iss' and 'sub' are the client.",
    )
  }
  if ((form.get('client_id') ?? assertion.sub) !== assertion.sub)
    throw new OAuthError('invalid_client', "Parameter 'client_id' differs from the assertion's subject.")
  return { method: 'private_key_jwt', id: assertion.sub, assertion }
}

const malformed = (hint: string): OAuthError => new OAuthError('invalid_request', hint)
