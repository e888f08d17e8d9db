import { anchorOf, type ErrorCode } from '../errors/catalogue.ts'
import type { OAuthError } from '../errors/oauth-error.ts'
import type { Runtime } from '../runtime.ts'

/** Whether the documents are served: they are static assets, and a setting takes them away. */
export const hasDocuments = ({ config, env }: Pick<Runtime, 'config' | 'env'>): boolean =>
  config.docs && env.ASSETS !== undefined

/**
 * Returns where the documents explain an error: its reason if the reader may know that, else its code, so that the
 * address says no more than the answer.
 *
 * @param base - the public URL, or its path
 * @param reason - what the reader may know; empty if that is nothing
 */
export const helpAt = (base: string, code: ErrorCode, reason: string): string =>
  `${base}/docs/errors#${reason || anchorOf(code)}`

/** Returns the `Link` of an answer to where the documents explain the error (RFC 8288). */
export const helpLink = (publicUrl: string, { code, publicReason }: OAuthError): string =>
  `<${helpAt(publicUrl, code, publicReason)}>; rel="help"`
