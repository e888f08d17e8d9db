import { isSecretOf } from '../clients/secret.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { defineMethod } from './method.ts'

const BASIC = /^basic +(.*)$/i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/** Id and secret in the Authorization header, each form-encoded (RFC 6749 section 2.3.1). */
export const clientSecretBasic = defineMethod<string>({
  method: 'client_secret_basic',
  strength: 1,
  provenBy: 'secret',
  otherClient: 'invalid_request',
  unproven: 'secret_mismatch',
  tellsUnproven: false,
  isPresent: ({ authorization }) => encodedIn(authorization) !== undefined,
  read(_ctx, { authorization }) {
    const { id, secret } = decode(encodedIn(authorization) ?? '')
    // With an empty password the client only identifies itself.
    return { id, proof: secret === '' ? null : secret }
  },
  verify: ({ rt }, client, secret) => isSecretOf(rt.roots, client, secret),
  replay: () => null,
  metadataProblem: () => undefined,
})

/** The id in an Authorization header, whether its secret is right or not; `undefined` without readable credentials. */
export function basicIdOf(authorization: string | undefined): string | undefined {
  const encoded = encodedIn(authorization)
  try {
    return encoded === undefined ? undefined : decode(encoded).id
  } catch {
    return undefined
  }
}

const encodedIn = (authorization: string | undefined): string | undefined =>
  BASIC.exec(authorization?.trim() ?? '')?.[1]

const NOT_ASCII = /[\u0080-\u00ff]/

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(encoded: string): { readonly id: string; readonly secret: string } {
  try {
    const text = BASE64.test(encoded) ? utf8Of(atob(encoded)) : ''
    // Both halves are form-encoded (RFC 6749 section 2.3.1 and appendix B).
    const [id, ...rest] = text.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
    if (id && rest.length > 0) return { id, secret: rest.join(':') }
  } catch {
    // The bytes are not UTF-8, or the text is not form-encoded.
  }
  throw invalidRequest('basic_malformed')
}

/** Decodes UTF-8, of which each byte is a character. Nearly always it is ASCII, which stays as it is. */
const utf8Of = (binary: string): string =>
  NOT_ASCII.test(binary) ? decoder.decode(Uint8Array.from(binary, (byte) => byte.charCodeAt(0))) : binary
