import { channelNamed } from '../authorize/channels/registry.ts'
import { shownQuery } from '../authorize/shown-query.ts'
import type { Config } from '../config/types.ts'
import type { RequestContext } from '../context.ts'
import type { Held, StoredGrant } from '../ledger/types.ts'
import type { ClientId } from '../util/ids.ts'
import { mapConcurrent } from '../util/map-concurrent.ts'
import { rfc3339 } from '../util/rfc3339.ts'

type HeldAs<Kind extends Held['kind']> = Extract<Held, { readonly kind: Kind }>

/** One page of what is stored about a subject. JSON leaves out undefined members. */
export interface SubjectView {
  readonly sessions: readonly object[]
  readonly consents: readonly object[]
  readonly notices: readonly object[]
  /** The clients that the page names. */
  readonly clients: readonly object[]
}

/** Returns things that are stored about a subject as JSON: everything but what only the server understands. */
export async function viewSubject(ctx: RequestContext, held: readonly Held[]): Promise<SubjectView> {
  const of = <Kind extends Held['kind']>(kind: Kind): readonly HeldAs<Kind>[] =>
    held.filter((one): one is HeldAs<Kind> => one.kind === kind)
  const consents = of('grant')
  const notices = of('notice')
  return {
    sessions: of('session').map(viewSession),
    consents: consents.map((grant) => viewGrant(ctx.rt.config, grant)),
    notices: notices.map(viewNotice),
    clients: await viewClients(
      ctx,
      [...consents, ...notices].map(({ client }) => client),
    ),
  }
}

const viewSession = ({
  id,
  authTime,
  used,
  remember,
  ends,
  active,
  providerSession,
}: HeldAs<'session'>): object => ({
  sid: id,
  authenticated_at: rfc3339(authTime),
  last_used_at: rfc3339(used),
  active,
  remember,
  expires_at: ends === null ? undefined : rfc3339(ends),
  identity_provider_session_id: providerSession === '' ? undefined : providerSession,
})

const viewNotice = ({ client, expires }: HeldAs<'notice'>): object => ({
  client_id: client === '' ? undefined : client,
  expires_at: rfc3339(expires),
})

/** A consent and its tokens. Of one that ended only its name is left. */
const viewGrant = (config: Config, { record, hooked, ...grant }: HeldAs<'grant'>): object => ({
  consent_request_id: grant.id,
  client_id: grant.client,
  login_session_id: grant.sid,
  handled_at: rfc3339(grant.grantedAt),
  tokens_issued_at: grant.issuedAt === 0 ? undefined : rfc3339(grant.issuedAt),
  active: grant.active,
  remember: grant.remembered,
  expires_at: grant.remembered && grant.consentEnds !== null ? rfc3339(grant.consentEnds) : undefined,
  ...(record !== null && viewRecord(config, record)),
  token_hook: hooked === null ? undefined : viewClaims(hooked),
})

/** What a consent consists of, by the names of the admin list (contract 2.8). */
const viewRecord = (config: Config, record: StoredGrant): object => ({
  grant_scope: record.scope,
  grant_access_token_audience: record.audience,
  requested_scope: record.requestedScope,
  requested_access_token_audience: record.requestedAudience,
  requested_at: rfc3339(record.requestedAt),
  authenticated_at: rfc3339(record.authTime),
  acr: record.acr,
  amr: record.amr,
  session: viewClaims(record),
  context: record.context ?? undefined,
  obfuscated_subject: record.pairwise?.sub,
  request_url: channelNamed(record.channel).startUrl(config, shownQuery(record.query)),
})

const viewClaims = ({
  accessTokenClaims,
  idTokenClaims,
}: Pick<StoredGrant, 'accessTokenClaims' | 'idTokenClaims'>) => ({
  access_token: accessTokenClaims,
  id_token: idTokenClaims,
})

/** The clients of these ids, by the names that they have today; a deleted one has none. */
export async function viewClients(ctx: RequestContext, ids: readonly ClientId[]): Promise<readonly object[]> {
  const named = [...new Set(ids)].filter((id) => id !== '').toSorted()
  return mapConcurrent(named, async (id) => {
    const client = await ctx.rt.clients.find(id)
    return { client_id: id, client_name: client?.metadata.client_name || undefined }
  })
}
