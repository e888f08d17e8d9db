import type { Context } from 'hono'
import { channelNamed } from '../authorize/channels/registry.ts'
import { oidcContext } from '../authorize/request-view.ts'
import { shownQuery } from '../authorize/shown-query.ts'
import { renderClient } from '../clients/render.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import { noParameter } from '../errors/missing.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { readAdminQuery, readQuery } from '../http/form.ts'
import { endsInSlash, isV1Path } from '../http/paths.ts'
import { type Owner, ownersOf } from '../ledger/owner.ts'
import type {
  EndSessionsInput,
  ListedConsent,
  ListedSession,
  ListGrantsInput,
  RevokeGrantsInput,
  StoredGrant,
} from '../ledger/types.ts'
import { recipientClient } from '../logout/back-channel.ts'
import { endSessions, revokeGrants } from '../logout/end-sessions.ts'
import { pairwiseSids } from '../tokens/subject.ts'
import { seconds } from '../util/clock.ts'
import { clientIdOf, grantIdOf, sidOf } from '../util/ids.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { inTurn } from './in-turn.ts'
import { ownersNamed } from './owners-named.ts'
import { respondWithPage } from './pagination.ts'
import { viewClients } from './subject-view.ts'

const PATH = '/admin/oauth2/auth/sessions/consent'
const LOGINS_PATH = '/admin/oauth2/auth/sessions/login'

/** Larger offsets find nothing: newer SDKs page by token. */
const MAX_OFFSET = 10_000

/** Lists a subject's consents that are still valid, the newest first, from the subject's ledger (contract 1.4.3). */
export async function listConsents(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  const query = readAdminQuery(c.req.url)
  const subject = c.req.param('subject') ?? query.get('subject') ?? ''
  if (subject === '') throw invalidRequest('parameter_missing', noParameter('subject'))
  const { config, ledgers } = ctx.rt
  const sid = sidOf(query.get('login_session_id') ?? '') || null
  const list = inTurn<ListedConsent>(ownersOf('subject', subject, config.residency), {
    placeOf: ({ grantedAt, id }) => `${grantedAt} ${id}`,
    page: (owner, { after, offset, limit }) =>
      ledgers.call(owner, 'listGrants', {
        sid,
        ...readPlace(after),
        limit,
        ...(offset > 0 && { offset: Math.min(offset, MAX_OFFSET) }),
      }),
    count: (owner) => ledgers.call(owner, 'countGrants', { sid }),
  })
  return respondWithPage(c, {
    ...list,
    path: PATH,
    filters: { subject, login_session_id: sid },
    render: (grant) => renderConsent(ctx, grant),
  })
}

/** Reads the place of a consent in the list. Page tokens of an older release hold its id alone. */
function readPlace(place: string | null): Pick<ListGrantsInput, 'after' | 'afterGrantedAt'> {
  const [, at, id = place] = /^(\d+) (.+)$/.exec(place ?? '') ?? []
  return {
    after: id === null ? null : grantIdOf(id),
    afterGrantedAt: at === undefined ? null : seconds(Number(at)),
  }
}

/**
 * A consent session as JSON (contract 2.8); `undefined` if its client was deleted, even if another client has its id
 * now.
 */
async function renderConsent(ctx: RequestContext, grant: StoredGrant): Promise<object | undefined> {
  const client = await recipientClient(ctx.rt, { client: grant.clientId, instance: grant.instance })
  if (client === undefined) return undefined
  const query = shownQuery(grant.query)
  return {
    consent_request_id: grant.id,
    grant_scope: grant.scope,
    grant_access_token_audience: grant.audience,
    session: { access_token: grant.accessTokenClaims, id_token: grant.idTokenClaims },
    remember: grant.remember,
    remember_for: grant.rememberFor,
    handled_at: rfc3339(grant.handledAt),
    context: grant.context ?? undefined,
    consent_request: {
      challenge: '',
      consent_request_id: grant.id,
      requested_scope: grant.requestedScope,
      requested_access_token_audience: grant.requestedAudience,
      skip: false,
      subject: grant.subject,
      oidc_context: await oidcContext(ctx.rt, readQuery(query)),
      client: renderClient(client),
      request_url: channelNamed(grant.channel).startUrl(ctx.rt.config, query),
      login_challenge: grant.id,
      login_session_id: grant.sid,
      acr: grant.acr,
      amr: grant.amr,
      context: grant.context ?? undefined,
    },
  }
}

/** Revokes one consent by its id, a subject's consents to one client, or all of a subject's. */
export async function revokeConsents(c: Context<AppEnv>): Promise<Response> {
  const { owners, target } = await consentsNamed(c)
  for (const owner of owners) await revokeGrants(c.var.ctx, owner, target)
  return c.body(null, 204)
}

interface Named<Target> {
  readonly owners: readonly Owner[]
  readonly target: Target
}

/**
 * Which consents a request names: exactly one of the three ways is allowed (contract 1.4.3). In v1.0 a subject alone
 * means all of its consents.
 */
async function consentsNamed(c: Context<AppEnv>): Promise<Named<RevokeGrantsInput['target']>> {
  const { subject: subjectInPath, client: clientInPath } = c.req.param()
  const query = readAdminQuery(c.req.url)
  const client = clientInPath ?? query.get('client')
  if (subjectInPath !== undefined) {
    if (client === undefined && (endsInSlash(c.req.url) || query.has('client')))
      throw invalidRequest('parameter_missing', noParameter('client'))
    return consentsOf(c, subjectInPath, client)
  }
  const id = query.get('consent_request_id')
  const subject = query.get('subject')
  const all = query.flag('all')
  if (id !== undefined) {
    const named = { subject, client, all: query.get('all') }
    const other = Object.entries(named).find(([, value]) => value !== undefined)?.[0]
    if (other !== undefined)
      throw invalidRequest('parameters_conflict', { parameter: 'consent_request_id', other })
    return { owners: await ownersNamed(c.var.ctx.rt, grantIdOf(id)), target: { id: grantIdOf(id) } }
  }
  if (subject === undefined)
    throw invalidRequest(
      'parameter_missing',
      noParameter("subject' or 'consent_request_id", 'the one or the other'),
    )
  if (client !== undefined && all)
    throw invalidRequest('parameters_conflict', { parameter: 'client', other: 'all' })
  // An empty `client` is a mistake of the caller, who does not mean all.
  const subjectAlone = isV1Path(c.req.url) && !query.has('client') && !query.has('all')
  if (client !== undefined || all || subjectAlone) return consentsOf(c, subject, client)
  throw invalidRequest(
    'parameter_missing',
    noParameter("client' or 'all=true", "a client's id, or all=true to mean every client"),
  )
}

/** A subject's consents to one client, or all of them. */
const consentsOf = (
  c: Context<AppEnv>,
  subject: string,
  client: string | undefined,
): Named<RevokeGrantsInput['target']> => ({
  owners: ownersOf('subject', subject, c.var.ctx.rt.config.residency),
  target: client === undefined ? 'all' : { clientId: clientIdOf(client) },
})

/** Lists a subject's open login sessions, the newest first, from the subject's ledger (contract 1.4.3). */
export async function listLogins(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  const { config, ledgers } = ctx.rt
  const subject = readAdminQuery(c.req.url).require('subject')
  const list = inTurn<ListedSession>(ownersOf('subject', subject, config.residency), {
    placeOf: ({ authTime, id }) => `${authTime} ${id}`,
    page: (owner, { after, offset, limit }) => {
      const [, at, sid] = /^(\d+) (.+)$/.exec(after ?? '') ?? []
      const place = sid === undefined ? null : { sid: sidOf(sid), authTime: seconds(Number(at)) }
      return ledgers.call(owner, 'listSessions', {
        after: place,
        offset: Math.min(offset, MAX_OFFSET),
        limit,
      })
    },
    count: (owner) => ledgers.call(owner, 'countSessions', null),
  })
  return respondWithPage(c, {
    ...list,
    path: LOGINS_PATH,
    filters: { subject },
    render: async ({ id, authTime, remember, ends, lastUsed, clients }) => ({
      sid: id,
      subject,
      authenticated_at: rfc3339(authTime),
      remember,
      expires_at: ends === null ? undefined : rfc3339(ends),
      last_used_at: rfc3339(lastUsed),
      clients: await viewClients(ctx, clients),
    }),
  })
}

/** Ends one login session by its id, or all of a subject's, and notifies their clients (contract 1.4.3). */
export async function revokeLogins(c: Context<AppEnv>): Promise<Response> {
  const { owners, target } = await loginsNamed(c)
  for (const owner of owners) await endSessions(c.var.ctx, owner, target)
  return c.body(null, 204)
}

async function loginsNamed(c: Context<AppEnv>): Promise<Named<EndSessionsInput['target']>> {
  const query = readAdminQuery(c.req.url)
  const sid = query.get('sid')
  if (sid === undefined) {
    // An empty `sid` is a mistake of the caller, who does not mean all.
    if (query.has('sid')) throw invalidRequest('parameter_missing', noParameter('sid'))
    const subject = query.get('subject') ?? c.req.param('subject')
    if (subject === undefined)
      throw invalidRequest('parameter_missing', noParameter("subject' or 'sid", 'the one or the other'))
    return { owners: ownersOf('subject', subject, c.var.ctx.rt.config.residency), target: 'all' }
  }
  const shown = await pairwiseSids.open(c.var.ctx.rt, sid)
  if (shown !== undefined) return { owners: [shown.owner], target: { sid: shown.sid } }
  return { owners: await ownersNamed(c.var.ctx.rt, sidOf(sid)), target: { sid: sidOf(sid) } }
}
