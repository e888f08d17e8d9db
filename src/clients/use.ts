import type { RequestContext } from '../context.ts'
import { as } from '../errors/translate.ts'
import type { ClientRecord } from '../store/types.ts'
import { nowSeconds, type Seconds } from '../util/clock.ts'

/**
 * Notes, after the answer and once a day, that a client was used: it got a token, or looked at its registration. Costs
 * nothing for clients that an admin made or changed, since those do not end when they are not used. If the note fails,
 * the next use makes it.
 */
export function noteUse({ rt, defer }: RequestContext, client: ClientRecord): void {
  const noted = rt.clients.noteUse(client)
  if (noted !== undefined) defer(noted.catch(as({ temporarily_unavailable: () => undefined })))
}

/** The time of use of a client that changes itself now. */
export const usedNow = ({ usedAt }: ClientRecord): Seconds | null => (usedAt === null ? null : nowSeconds())
