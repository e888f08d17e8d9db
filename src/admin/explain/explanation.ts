import type { RequestContext } from '../../context.ts'
import type { Owner } from '../../ledger/owner.ts'
import type { EndedBy, SessionStory, Story } from '../../ledger/types.ts'
import type { ClientRecord } from '../../store/types.ts'
import type { ClientStamp } from '../../tokens/formats.ts'
import { milliseconds, nowSeconds, type Seconds, secondsOf } from '../../util/clock.ts'
import type { ClientId, GrantId, Sid } from '../../util/ids.ts'
import { rfc3339 } from '../../util/rfc3339.ts'

/** The form of the ids of requests, sessions and consents. */
export const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What has become of a text that is explained. */
export type State =
  /** It is good now. */
  | 'active'
  /** It waits for somebody's answer. */
  | 'pending'
  | 'expired'
  | 'revoked'
  /** It counts once, and has. */
  | 'spent'
  /** A newer one took its place. */
  | 'superseded'
  /** The authorization endpoint would refuse it. */
  | 'refused'
  /** The row that would tell is not there. */
  | 'gone'
  /** It is none of this server. */
  | 'foreign'
  /** Part of it is missing or was changed. */
  | 'damaged'
  | 'unknown'

/** What ended a token before its time. */
export type Ended = EndedBy | 'client_deleted' | 'client_tokens_deleted' | 'user_denied'

/** What has become of it, in words. */
export interface Verdict {
  readonly state: State
  readonly cause: string
  readonly fix?: string | undefined
  readonly ended_by?: Ended | undefined
  readonly ended_at?: string | undefined
}

/** The explanation of a text; JSON leaves out undefined members. Ids and times, and never a secret or a claim's value. */
export interface Explanation extends Verdict {
  readonly kind: string
  readonly client?: object | undefined
  readonly subject?: string | undefined
  readonly consent_request_id?: GrantId | undefined
  readonly login_session?: object | undefined
  readonly scope?: string | undefined
  readonly audience?: readonly string[] | undefined
  readonly issued_at?: string | undefined
  readonly expires_at?: string | undefined
  readonly [member: string]: unknown
}

/** An explanation, and what its audit line names. */
export interface Found {
  readonly explanation: Explanation
  readonly clientId?: ClientId | undefined
  /** The ledger of the subject whose it is. */
  readonly owner?: Owner | undefined
}

/** A time as answers have it; absent for never and for what is not known. */
export const at = (time: Seconds | null | undefined): string | undefined =>
  time === null || time === undefined ? undefined : rfc3339(time)

/** A list, unless it is empty. */
export const some = <Item>(list: readonly Item[] | undefined): readonly Item[] | undefined =>
  list === undefined || list.length === 0 ? undefined : list

/** A text, unless it is empty. */
export const filled = (text: string | undefined): string | undefined => text || undefined

/** Whether a time has come; null never does. */
export const isOver = (time: Seconds | null): boolean => time !== null && time <= nowSeconds()

/** A client as its source has it now; undefined if it is not there. */
export const clientNow = ({ rt }: RequestContext, id: string): Promise<ClientRecord | undefined> =>
  rt.clients.fresh(id)

/**
 * A client, and whether what was issued to it is still its own.
 *
 * @param stamp - what the text carries of the client; absent if it carries nothing
 */
export const viewClient = (
  id: string,
  client: ClientRecord | undefined,
  stamp?: Pick<ClientStamp, 'instance'>,
): object => ({
  client_id: id,
  client_name: filled(client?.metadata.client_name),
  exists: client !== undefined,
  ...(client !== undefined && stamp !== undefined && { is_the_same: client.instance === stamp.instance }),
})

/** A login session, as far as its row tells. */
export const viewSession = (sid: Sid | undefined, session: SessionStory | null): object | undefined =>
  sid === undefined
    ? undefined
    : {
        sid,
        ...(session !== null && {
          authenticated_at: at(session.authTime),
          active: !session.ended,
          ended_at: at(session.endedAt),
        }),
      }

/** What is said of a row that is not there. */
export function goneVerdict({ revokedMs }: Pick<Story, 'revokedMs'>, expiresAt: Seconds | null): Verdict {
  if (isOver(expiresAt))
    return { state: 'expired', cause: `It expired at ${at(expiresAt)}, and its row is gone.`, fix: AGAIN }
  const revoked =
    revokedMs === 0
      ? ''
      : ` All consents of the subject were revoked at ${at(secondsOf(milliseconds(revokedMs)))}, which may be why.`
  return {
    state: 'gone',
    cause: `Its row is gone: it was revoked long ago, or its subject was erased.${revoked}`,
    fix: AGAIN,
  }
}

export const AGAIN = 'Have the user log in again.'
