import type { AuditEvent, RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { resourceExists, resourceNotFound } from '../errors/refusals.ts'
import type { ClientBounds, ClientMetadata, ClientRecord } from '../store/types.ts'
import { randomText } from '../util/base64url.ts'
import { nowSeconds } from '../util/clock.ts'
import { clientIdOf } from '../util/ids.ts'
import { checkEncryption } from './encryption-key.ts'
import { checkKeyAlgorithms } from './key-algorithms.ts'
import { type ClientInput, checkClientId } from './metadata/parse.ts'
import { isPublic } from './public.ts'
import { furtherSecret, hashSecret, makeSecret, onlySecret, withSecretEnd } from './secret.ts'
import { checkSector, hasSameSector } from './sector.ts'

/** How often a change is tried if other changes of the same client come first. */
const TRIES = 16

/**
 * Longest pauses before the second try and before any, ms. Pauses are random and double, so that writers of one client
 * spread until each has the time that it needs for a read and a write.
 */
const FIRST_PAUSE_MS = 20
const MAX_PAUSE_MS = 800

/** A client as stored, and its secret in clear text if this write set one. */
export interface WrittenClient {
  readonly client: ClientRecord
  readonly secret: string | undefined
}

/** What a change sets. An undefined secret, or end of it, and fields that are left out stay as they are. */
export interface ClientChange
  extends Pick<ClientInput, 'metadata'>,
    Partial<Pick<ClientInput, 'secret' | 'secretEnd'>>,
    Partial<
      Pick<ClientRecord, 'registrationEpoch' | 'registrationUsed' | 'consentEpoch' | 'bounds' | 'usedAt'>
    > {
  /** Whether older secrets go on beside a new one. */
  readonly keepsSecrets?: boolean
}

type Times = 'createdAt' | 'updatedAt' | 'usedAt' | 'unusedTtl'

/** Who made a client, and when it was created and changed if it is imported, seconds. */
export interface Origin extends Partial<Pick<ClientRecord, Times | 'initialAccess'>> {
  /** Limits of the client's own later changes; null for a client that registers itself. */
  readonly bounds: ClientBounds | null
}

/**
 * Registers a client. Generates a secret unless one is given or the client is public. Throws `resource_exists` for a
 * taken id.
 *
 * @param admit - decides as the last step before the client is there
 */
export async function createClient(
  ctx: RequestContext,
  input: ClientInput,
  origin: Origin,
  admit: () => Promise<void> = async () => undefined,
): Promise<WrittenClient> {
  const id = clientIdOf(input.id ?? crypto.randomUUID())
  checkClientId(id)
  await checkOutside(ctx, input.metadata)
  const secret = input.secret ?? (isPublic(input) ? undefined : makeSecret())
  const now = nowSeconds()
  const secrets = onlySecret(
    secret === undefined ? null : await hashSecret(ctx.rt.roots, id, secret),
    input.secretEnd ?? 0,
  )
  await admit()
  const client = await ctx.rt.clients.insert({
    id,
    // Short, because every token contains it.
    instance: randomText(8),
    accessEpoch: 0,
    registrationEpoch: 0,
    registrationUsed: 0,
    consentEpoch: 0,
    initialAccess: null,
    usedAt: null,
    unusedTtl: null,
    ...secrets,
    metadata: input.metadata,
    createdAt: now,
    updatedAt: now,
    ...origin,
  })
  if (client === undefined) throw resourceExists('client', id)
  const initial_access_token = origin.initialAccess?.id
  ctx.audit('client.created', { client_id: id, ...(initial_access_token && { initial_access_token }) })
  return { client, secret }
}

/**
 * Makes the checks that need more than the metadata, such as keys and remote documents. Throws
 * `invalid_client_metadata`.
 *
 * @param before - the metadata that passed in an earlier try; its sector is not fetched again
 */
async function checkOutside(
  { rt }: RequestContext,
  metadata: ClientMetadata,
  before?: ClientMetadata,
): Promise<void> {
  await checkKeyAlgorithms(rt, metadata)
  await checkEncryption(metadata)
  if (before === undefined || !hasSameSector(before, metadata)) await checkSector(rt, metadata)
}

/** Reads the client from the source. Throws `resource_not_found`. */
export async function requireClient(ctx: RequestContext, id: string): Promise<ClientRecord> {
  const client = await ctx.rt.clients.read(id)
  if (client === undefined) throw resourceNotFound('client', id)
  return client
}

/** The fields that a change sets; the others stay. */
type RecordChange = Partial<Omit<ClientRecord, 'id' | 'version' | 'instance' | 'createdAt'>>

/**
 * Changes a client by compare-and-set: `change` gets the current record, and runs again if another change came first.
 * Throws `resource_not_found`, and `temporarily_unavailable` if other changes keep coming first.
 */
export async function changeClient(
  ctx: RequestContext,
  id: string,
  event: AuditEvent,
  change: (current: ClientRecord) => RecordChange | Promise<RecordChange>,
): Promise<ClientRecord> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    if (tried > 0)
      await scheduler.wait(Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** (tried - 1), MAX_PAUSE_MS))
    const current = await requireClient(ctx, id)
    const changed = await change(current)
    const version = current.version + 1
    // Whatever an admin does to a client keeps it: a change by the client itself says so (use.ts).
    const client = { ...current, updatedAt: nowSeconds(), usedAt: null, ...changed, id: current.id, version }
    if (!(await ctx.rt.clients.replace(client))) continue
    ctx.audit(event, { client_id: id })
    return client
  }
  throw new OAuthError('temporarily_unavailable', 'client_contended')
}

/**
 * Replaces a client's content by what `change` returns for the current record. Without a new secret the old ones stay;
 * a new one ends them all, unless the change keeps them. The id stays. Throws like `changeClient`, and whatever `change` throws.
 */
export async function updateClient(
  ctx: RequestContext,
  id: string,
  change: (current: ClientRecord) => ClientChange | Promise<ClientChange>,
): Promise<WrittenClient> {
  let given: string | undefined
  let passed: ClientMetadata | undefined
  const client = await changeClient(ctx, id, 'client.changed', async (current) => {
    const { secret, secretEnd, keepsSecrets, ...changed } = await change(current)
    given = secret
    await checkOutside(ctx, changed.metadata, passed)
    passed = changed.metadata
    if (secret === undefined)
      return { ...changed, ...(secretEnd !== undefined && withSecretEnd(current, secretEnd)) }
    const hash = await hashSecret(ctx.rt.roots, id, secret)
    const end = secretEnd ?? 0
    return { ...changed, ...(keepsSecrets ? furtherSecret(current, hash, end) : onlySecret(hash, end)) }
  })
  return { client, secret: given }
}

/** Deletes a client; only in the given version, unless that is null. Throws `resource_not_found`. */
export async function deleteClient(
  ctx: RequestContext,
  id: string,
  version: number | null = null,
): Promise<void> {
  if (!(await ctx.rt.clients.remove(id, version))) throw resourceNotFound('client', id)
  ctx.audit('client.deleted', { client_id: id })
}
