import { Buffer } from 'node:buffer'
import { invalidRequest } from '../errors/oauth-error.ts'
import { invalidClient } from '../errors/refusals.ts'
import type { Parameters } from '../http/form.ts'
import { type Assertion, readAssertion } from '../keys/foreign-jwt.ts'

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
  const assertionType = form.get('client_assertion_type')
  const jwt = form.get('client_assertion')
  const hasAssertion = assertionType !== undefined || jwt !== undefined
  if ([basic !== undefined, secret !== undefined, hasAssertion].filter(Boolean).length > 1)
    throw invalidRequest('The client authenticates in more than one way.')
  if (hasAssertion) {
    if (assertionType !== ASSERTION_TYPE)
      throw invalidRequest("Parameter 'client_assertion_type' is unknown.")
    return readClientAssertion(form.require('client_assertion'), id)
  }
  if (basic !== undefined) {
    if (id !== undefined && id !== basic.id)
      throw invalidRequest("Parameter 'client_id' differs from the Basic user name.")
    // An empty password proves nothing: the client only names itself.
    return basic.secret === ''
      ? { method: 'none', id: basic.id }
      : { method: 'client_secret_basic', ...basic }
  }
  if (id === undefined) throw invalidRequest('The request names no client.')
  return secret === undefined ? { method: 'none', id } : { method: 'client_secret_post', id, secret }
}

function readBasic(
  authorization: string | undefined,
): { readonly id: string; readonly secret: string } | undefined {
  const encoded = BASIC.exec(authorization?.trim() ?? '')?.[1]
  if (encoded === undefined) return undefined
  try {
    const bytes = Buffer.from(encoded, 'base64')
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    // Both halves are form-encoded (RFC 6749 section 2.3.1 and appendix B).
    const [id, ...rest] = text.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
    if (BASE64.test(encoded) && id && rest.length > 0) return { id, secret: rest.join(':') }
  } catch {
    // Bytes that are no text, or text that is no form encoding.
  }
  throw invalidRequest('The Basic authorization header is malformed.')
}

function readClientAssertion(jwt: string, clientId: string | undefined): Credentials {
  const assertion = readAssertion(jwt)
  const id = assertion?.sub
  if (!id || assertion.iss !== id)
    throw invalidClient("The assertion must be a JWT whose 'iss' and 'sub' are the client.")
  if (clientId !== undefined && clientId !== id)
    throw invalidClient("Parameter 'client_id' differs from the assertion's subject.")
  return { method: 'private_key_jwt', id, assertion }
}
