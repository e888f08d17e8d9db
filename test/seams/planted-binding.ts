import type { Binding } from '../../src/tokens/binding/binding.ts'
import { toBase64url } from '../../src/util/base64url.ts'
import { sha256 } from '../../src/util/digest.ts'

/** A binding whose proof is that a request names the key, and beside a token the digest of that. */
export const planted: Binding = {
  kind: 'planted',
  tokenType: 'Key',
  introspectedType: 'Key',
  scheme: 'Key',
  prove(_ctx, { headers }, token) {
    const key = headers.get('x-key') ?? undefined
    const fits = token === null || headers.get('x-key-for') === digest(token)
    return Promise.resolve(fits ? key : undefined)
  },
  cnf: (thumbprint) => ({ jkt: thumbprint }),
}

const digest = (token: string): string => toBase64url(sha256(token))

/** Headers that prove a key, for a token where there is one. */
export const proof = (key: string, token?: string): Record<string, string> => ({
  'x-key': key,
  ...(token !== undefined && { 'x-key-for': digest(token) }),
})
