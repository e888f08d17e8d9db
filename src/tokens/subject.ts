import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { isPairwiseByAdmin, sectorOf } from '../clients/sector.ts'
import { isUnreviewed } from '../clients/stranger.ts'
import type { Config } from '../config/types.ts'
import { sealed } from '../crypto/sealed.ts'
import { tuple } from '../crypto/tuple.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { isOwner, type Owner } from '../ledger/owner.ts'
import type { StoredGrant } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import type { Sid } from '../util/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../util/json.ts'
import { clientId, sid } from '../util/schema.ts'

/** The `sid` values that pairwise clients see: the session, sealed. */
export const pairwiseSids = sealed('pairwise_sid', tuple({ owner: v.custom<Owner>(isOwner), sid, clientId }))

/** Whether a client knows its users by identifiers that other clients do not know (OIDC Core section 8.1). */
export const isPairwise = ({ metadata }: ClientRecord): boolean => metadata.subject_type === 'pairwise'

function requireSector({ loopback }: Config, { metadata }: ClientRecord): string {
  const sector = sectorOf(metadata, loopback)
  if (sector !== undefined) return sector
  throw new OAuthError('misconfiguration', 'metadata_unusable', {
    field: 'sector_identifier_uri',
    problem: 'is needed for the pairwise subjects of this client',
  })
}

/**
 * The identifier by which a client knows a subject. For a pairwise client, the one that the login app chose, or else a
 * hash of sector, subject and salt, as in Hydra (contract 3.13); for other clients the subject itself.
 */
export function subjectFor(
  config: Config,
  client: ClientRecord,
  subject: string,
  forcedSubject: string,
): string {
  if (!isPairwise(client)) return subject
  if (forcedSubject !== '') return forcedSubject
  return subjectIn(config, requireSector(config, client), subject)
}

function subjectIn({ subjects: { salt } }: Config, sector: string, subject: string): string {
  if (salt === null)
    throw new OAuthError('misconfiguration', 'setting_unusable', {
      problems: 'Pairwise subjects need their salt.',
    })
  return createHash('sha256')
    .update(sector + subject + salt)
    .digest('hex')
}

/**
 * The `sub` and `sid` that a pairwise client sees instead of subject and session id: always the same, and useless to
 * other clients. `undefined` for other clients.
 */
export async function pairwiseIdentity(
  rt: Runtime,
  client: ClientRecord,
  {
    subject,
    owner,
    sid,
    forcedSubject,
  }: {
    readonly subject: string
    readonly owner: Owner
    readonly sid: Sid
    readonly forcedSubject: string
  },
): Promise<StoredGrant['pairwise']> {
  if (!isPairwise(client)) return undefined
  const session = { owner, sid, clientId: client.id }
  return {
    sub: subjectFor(rt.config, client, subject, forcedSubject),
    sid: await pairwiseSids.seal(rt, session, null),
  }
}

/**
 * The identifier by which a client knows the subject of a token that it introspects: the token's own identifier if the
 * token was issued to this client, or else `subjectFor` this client. A client that registered itself may have named
 * anybody's address as its sector, and no answer went there: it gets an identifier of its own.
 */
export function subjectSeenBy(
  config: Config,
  asker: ClientRecord,
  { clientId, subject, pairwise }: Pick<StoredGrant, 'clientId' | 'subject' | 'pairwise'>,
): string {
  if (clientId === asker.id && pairwise !== undefined) return pairwise.sub
  return isPairwise(asker) && (!isPairwiseByAdmin(asker) || isUnreviewed(asker))
    ? subjectIn(config, `client ${asker.id} `, subject)
    : subjectFor(config, asker, subject, '')
}

/** Replaces the subject by another identifier wherever it is a name or a value in claims. */
export function seenAs(claims: JsonObject, subject: string, seen: string): JsonObject {
  const text = (value: string): string => (value === subject ? seen : value)
  const each = (value: Json): Json => {
    if (typeof value === 'string') return text(value)
    if (typeof value === 'number' && String(value) === subject) return seen
    if (isJsonObject(value)) return seenAs(value, subject, seen)
    return Array.isArray(value) ? value.map(each) : value
  }
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [text(name), each(value)]))
}

/** The identifier by which the client of a grant knows its subject. */
export const subjectOf = ({ pairwise, subject }: StoredGrant): string => pairwise?.sub ?? subject
