import { createHash } from 'node:crypto'
import type { Browser } from './deployment.ts'

/** The cookie that the frame's script reads. */
export const STATE_COOKIE = /^(?:__Host-)?ory_hydra_session(?:_dev)?_state$/

/**
 * Whether the session management frame would say "unchanged": the hash of what it is told and what the browser holds.
 * That the real script does so is for the tests in a browser.
 */
export function frameSaysUnchanged(
  { cookies }: Browser,
  told: { readonly clientId: string; readonly origin: string; readonly sessionState: unknown },
): boolean {
  const [, held] = [...cookies].find(([name]) => STATE_COOKIE.test(name)) ?? []
  const [hash, salt] = String(told.sessionState).split('.')
  const text = `${told.clientId} ${told.origin} ${held} ${salt}`
  return held !== undefined && hash === createHash('sha256').update(text).digest('hex')
}
