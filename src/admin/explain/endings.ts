import type { GrantStory } from '../../ledger/types.ts'
import type { ClientRecord } from '../../store/types.ts'
import type { ClientStamp } from '../../tokens/formats.ts'
import { AGAIN, at, type Ended, type Verdict } from './explanation.ts'

/** What ended a token, and what to do, in words. */
const texts = (): Readonly<Record<Ended, readonly [cause: string, fix: string]>> => ({
  token_revoked: ['A token of its grant was revoked (RFC 7009), which ends all of them.', AGAIN],
  consent_revoked: ["The user's consent was revoked.", 'Have the user log in and consent again.'],
  code_reused: [
    'Its code was redeemed twice, so all tokens of the grant were revoked (RFC 6749 section 4.1.2).',
    'Look for a reload, a retrying proxy, or somebody who reads codes.',
  ],
  refresh_token_reused: [
    'An older refresh token of the grant came again, so all of its tokens were revoked (RFC 9700 section 4.14.2).',
    'Have the application store the newest refresh token, and refresh in one place.',
  ],
  session_ended: ['Its login session ended.', AGAIN],
  all_sessions_ended: ['All login sessions of the user were ended.', AGAIN],
  client_deleted: [
    'The client that it was issued to was deleted. A client of the same id is another one.',
    'Register the client, and have the user log in again.',
  ],
  client_tokens_deleted: ['All access tokens of the client were deleted.', 'Refresh, or ask for a new one.'],
  user_denied: ['The user said no.', 'Start again if the user changes their mind.'],
})

/** The verdict on what something ended. */
export function endedVerdict(by: Ended, when?: string): Verdict {
  const [cause, fix] = texts()[by]
  return { state: 'revoked', cause, fix, ended_by: by, ended_at: when }
}

/** The verdict on a grant whose tokens ended before their time; undefined if they did not. */
export function endOfGrant({ ended }: Pick<GrantStory, 'ended'>): Verdict | undefined {
  if (ended === null) return undefined
  if (ended.by !== null) return endedVerdict(ended.by, at(ended.at))
  return { state: 'revoked', cause: 'Its grant was revoked. By what is not known any more.', fix: AGAIN }
}

/** The verdict on what was issued to a client that is another one now; undefined if it is the same. */
export function endOfClient(
  client: ClientRecord | undefined,
  stamp: ClientStamp,
  isAccessToken: boolean,
): Verdict | undefined {
  if (client?.instance !== stamp.instance) return endedVerdict('client_deleted')
  const deleted = isAccessToken && client.accessEpoch !== stamp.accessEpoch
  return deleted ? endedVerdict('client_tokens_deleted') : undefined
}
