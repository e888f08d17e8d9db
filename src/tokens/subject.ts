import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { sectorOf } from '../clients/sector.ts'
import type { Config } from '../config/types.ts'
import { sealed } from '../crypto/sealed.ts'
import { tuple } from '../crypto/tuple.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { isOwner, ownerOf } from '../ledger/owner.ts'
import type { StoredGrant } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { isJsonObject, type Json, type JsonObject } from '../util/json.ts'

/** The `sid` that a pairwise client is shown: the session behind it. */
export const pairwiseSids = sealed(
  'pairwise_sid',
  tuple({ owner: v.custom<string>(isOwner), sid: v.string(), clientId: v.string() }),
)

/** Whether a client knows its users by identifiers that tell other clients nothing (OIDC Core section 8.1). */
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
  if (salt === null)
    throw new OAuthError('misconfiguration', 'setting_unusable', {
      problem: 'Pairwise subjects need their salt.',
    })
  return createHash('sha256')
    .update(requireSector(config, client) + subject + salt)
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

/**
 * The identifier by which a client that asks about a token knows its subject: its own where the token is its own, the
 * one of its sector where another client's token names it; the subject itself only where its subjects are public.
 */
export const subjectSeenBy = (
  config: Config,
  asker: ClientRecord,
  { clientId, subject, pairwise }: Pick<StoredGrant, 'clientId' | 'subject' | 'pairwise'>,
): string => (clientId === asker.id ? pairwise?.sub : undefined) ?? subjectFor(config, asker, subject, '')

/** Claims in which whatever is the subject itself, value or name, is the identifier it is seen by. */
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

/** The identifier by which a grant's client knows its subject. */
export const subjectOf = ({ pairwise, subject }: StoredGrant): string => pairwise?.sub ?? subject
