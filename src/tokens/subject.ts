import { createHash } from 'node:crypto'
import * as v from 'valibot'
import type { Config } from '../config/types.ts'
import { sealed } from '../crypto/sealed.ts'
import { tuple } from '../crypto/tuple.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { isOwner, ownerOf } from '../ledger/owner.ts'
import type { StoredGrant } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientMetadata, ClientRecord } from '../store/types.ts'

/** The `sid` that a pairwise client is shown: the session behind it. */
export const pairwiseSids = sealed(
  'pairwise_sid',
  tuple({ owner: v.custom<string>(isOwner), sid: v.string(), clientId: v.string() }),
)

/** Whether a client knows its users by identifiers that tell other clients nothing (OIDC Core section 8.1). */
const isPairwise = ({ metadata }: ClientRecord): boolean => metadata.subject_type === 'pairwise'

/** What the clients of one organisation share: the host of the redirect URIs stands in for a missing sector. */
const sectorOf = ({ sector_identifier_uri: sector, redirect_uris: uris }: ClientMetadata): string =>
  sector || (URL.parse(uris?.[0] ?? '')?.host ?? '')

/**
 * The identifier that a client knows a subject by: the subject itself, or for a pairwise client what the login app
 * chose, else a hash over sector, subject and salt, as Hydra makes it (contract 3.13).
 */
export function subjectFor(
  config: Config,
  client: ClientRecord,
  subject: string,
  forcedSubject: string,
): string {
  if (!isPairwise(client)) return subject
  if (forcedSubject !== '') return forcedSubject
  const { salt } = config.subjects
  if (salt === null) throw new OAuthError('misconfiguration', 'Pairwise subjects need their salt.')
  return createHash('sha256')
    .update(sectorOf(client.metadata) + subject + salt)
    .digest('hex')
}

/** What a pairwise client sees instead of subject and session id: the same each time, and of no use to others. */
export async function pairwiseIdentity(
  rt: Runtime,
  client: ClientRecord,
  {
    subject,
    sid,
    forcedSubject,
  }: { readonly subject: string; readonly sid: string; readonly forcedSubject: string },
): Promise<StoredGrant['pairwise']> {
  if (!isPairwise(client)) return undefined
  const session = { owner: ownerOf('subject', subject), sid, clientId: client.id }
  return {
    sub: subjectFor(rt.config, client, subject, forcedSubject),
    sid: await pairwiseSids.seal(rt, session, null),
  }
}

/** The identifier by which a grant's client knows its subject. */
export const subjectOf = ({ pairwise, subject }: StoredGrant): string => pairwise?.sub ?? subject
