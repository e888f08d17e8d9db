import type { RequestContext } from '../../context.ts'
import { deviceChallenge, deviceVerifier } from '../../flow/device-state.ts'
import type { OpenedFlow } from '../../flow/seal.ts'
import {
  consentChallenge,
  consentVerifier,
  type Denial,
  type Flow,
  loginChallenge,
  loginVerifier,
  ownerIn,
} from '../../flow/state.ts'
import { readQuery } from '../../http/form.ts'
import { type Owner, ownersOf } from '../../ledger/owner.ts'
import type { DeviceStory, Story } from '../../ledger/types.ts'
import { logoutChallenge, logoutVerifier } from '../../logout/state.ts'
import type { ClientRecord } from '../../store/types.ts'
import type { DeviceCode } from '../../tokens/formats.ts'
import type { Seconds } from '../../util/clock.ts'
import { clientIdOf } from '../../util/ids.ts'
import { ownersNamed } from '../owners-named.ts'
import { endedVerdict, endOfClient, endOfGrant } from './endings.ts'
import {
  at,
  clientNow,
  type Found,
  filled,
  isOver,
  some,
  type Verdict,
  viewClient,
  viewSession,
} from './explanation.ts'

const RESTART = 'Start again at the application.'

/** A step of login or consent: its flow, and what is known of the user. */
interface Step {
  readonly flow: Flow
  readonly subject?: string | undefined
  readonly decision?: object | Denial
}

/** Opens a text as a challenge or verifier of a login or consent, and explains it; undefined if it is none. */
export async function explainStep(ctx: RequestContext, text: string): Promise<Found | undefined> {
  const { rt } = ctx
  const login = await loginChallenge.open(rt, text)
  if (login !== undefined)
    return explainFlow(ctx, 'login_challenge', login, { ...login.state, subject: login.state.known?.subject })
  const loggedIn = await loginVerifier.open(rt, text)
  if (loggedIn !== undefined) {
    const { known, decision } = loggedIn.state
    const subject = 'subject' in decision ? decision.subject : known?.subject
    return explainFlow(ctx, 'login_verifier', loggedIn, { ...loggedIn.state, subject })
  }
  const consent = await consentChallenge.open(rt, text)
  if (consent !== undefined) return explainFlow(ctx, 'consent_challenge', consent, consent.state)
  const consented = await consentVerifier.open(rt, text)
  return consented && explainFlow(ctx, 'consent_verifier', consented, consented.state)
}

async function explainFlow(
  ctx: RequestContext,
  kind: string,
  { expired, expiresAt }: OpenedFlow<unknown>,
  { flow, subject, decision }: Step,
): Promise<Found> {
  const parameters = readQuery(flow.query)
  const id = clientIdOf(parameters.get('client_id') ?? '')
  const client = await clientNow(ctx, id)
  const owner = subject === undefined ? undefined : ownerIn(flow, subject)
  const story = await storyOf(ctx, flow, owner)
  const denied = decision !== undefined && 'error' in decision
  const explanation = {
    kind,
    ...whatOfFlow({ flow, story, client, expired, expiresAt, denied }),
    client: viewClient(id, client, flow),
    subject: filled(subject ?? story?.session?.subject),
    consent_request_id: flow.id,
    login_session: viewSession(flow.sid, story?.session ?? null),
    decision: decision === undefined ? undefined : denied ? 'rejected' : 'accepted',
    requested_scope: filled(parameters.list('scope').join(' ')),
    requested_audience: some(parameters.list('audience')),
    redirect_uri: parameters.get('redirect_uri'),
    issued_at: at(flow.requestedAt),
    expires_at: at(expiresAt),
  }
  return { explanation, clientId: id, owner }
}

/** What the ledger knows of a flow; undefined while nobody logged in. */
async function storyOf(
  ctx: RequestContext,
  { id, sid }: Flow,
  known: Owner | undefined,
): Promise<Story | undefined> {
  const [owner] = known === undefined ? await ownersNamed(ctx.rt, sid) : [known]
  return owner && ctx.rt.ledgers.call(owner, 'story', { id, sid, generation: null })
}

interface Facts {
  readonly flow: Flow
  readonly story: Story | undefined
  readonly client: ClientRecord | undefined
  readonly expired: boolean
  readonly expiresAt: Seconds
  readonly denied: boolean
}

function whatOfFlow({ flow, story, client, expired, expiresAt, denied }: Facts): Verdict {
  const grant = story?.grant
  if (grant) {
    const ended = endOfGrant(grant)
    const later = ended === undefined ? '' : ` Since then: ${ended.cause}`
    const cause = `The flow was finished at ${at(grant.grantedAt)}.${later}`
    return { ...ended, state: 'spent', cause, fix: RESTART }
  }
  const gone = endOfClient(client, { instance: flow.instance, accessEpoch: 0 }, false)
  if (gone !== undefined) return gone
  if (client !== undefined && client.consentEpoch !== flow.consentEpoch)
    return {
      state: 'superseded',
      cause: 'The client changed its addresses since, so the flow starts again.',
      fix: RESTART,
    }
  const session = story?.session
  if (session?.ended) return { ...endedVerdict('session_ended', at(session.endedAt)), fix: RESTART }
  if (expired) return { state: 'expired', cause: `It expired at ${at(expiresAt)}.`, fix: RESTART }
  if (denied)
    return { state: 'active', cause: 'The app refused. The browser has to take that to the server.' }
  return { state: 'active', cause: 'The flow goes on in the browser that began it, and in no other.' }
}

/** Opens a text as a challenge or verifier of a logout, and explains it; undefined if it is none. */
export async function explainLogout(ctx: RequestContext, text: string): Promise<Found | undefined> {
  const challenge = await logoutChallenge.open(ctx.rt, text)
  const opened = challenge ?? (await logoutVerifier.open(ctx.rt, text))
  if (opened === undefined) return undefined
  const { owner, sid, subject, clientId, requestedAt } = opened.state
  const { session } = await ctx.rt.ledgers.call(owner, 'story', { id: null, sid, generation: null })
  const explanation = {
    kind: challenge === undefined ? 'logout_verifier' : 'logout_challenge',
    ...whatOfLogout(opened, session),
    client: clientId === null ? undefined : viewClient(clientId, await clientNow(ctx, clientId)),
    subject,
    login_session: viewSession(sid, session),
    issued_at: at(requestedAt),
    expires_at: at(opened.expiresAt),
  }
  return { explanation, clientId: clientId ?? undefined, owner }
}

function whatOfLogout({ expired, expiresAt }: OpenedFlow<unknown>, session: Story['session']): Verdict {
  if (session?.ended) return { state: 'spent', cause: `The session ended${ago(session.endedAt)}.` }
  if (expired) return { state: 'expired', cause: `It expired at ${at(expiresAt)}.`, fix: 'Log out again.' }
  return { state: 'active', cause: 'The logout waits for its answer.' }
}

const ago = (time: Seconds | null): string => (time === null ? '' : ` at ${at(time)}`)

/** Opens a text as a step of a device's verification page, and explains it; undefined if it is none. */
export async function explainDeviceStep({ rt }: RequestContext, text: string): Promise<Found | undefined> {
  const challenge = await deviceChallenge.open(rt, text)
  const opened = challenge ?? (await deviceVerifier.open(rt, text))
  if (opened === undefined) return undefined
  const kind = challenge === undefined ? 'device_verifier' : 'device_challenge'
  const expires_at = at(opened.expiresAt)
  const verdict: Verdict = opened.expired
    ? { state: 'expired', cause: `It expired at ${expires_at}.`, fix: 'Enter the user code again.' }
    : { state: 'active', cause: 'A browser is about to connect a device.' }
  return { explanation: { kind, ...verdict, expires_at } }
}

/** Explains a device code. */
export async function explainDeviceCode(ctx: RequestContext, code: DeviceCode): Promise<Found> {
  const story = await ctx.rt.ledgers.call(code.owner, 'deviceStory', { id: code.id })
  return explainDevice(ctx, 'device_code', story, code)
}

/** Explains a user code; undefined if no device shows it. */
export async function explainUserCode(ctx: RequestContext, userCode: string): Promise<Found | undefined> {
  for (const owner of ownersOf('device', userCode, ctx.rt.config.residency)) {
    const story = await ctx.rt.ledgers.call(owner, 'deviceStory', { id: null })
    if (story !== null) return explainDevice(ctx, 'user_code', story)
  }
  return undefined
}

async function explainDevice(
  ctx: RequestContext,
  kind: string,
  story: DeviceStory | null,
  code?: DeviceCode,
): Promise<Found> {
  if (story === null) {
    const cause = 'Its row is gone: it expired, or the device has its tokens.'
    return { explanation: { kind, state: 'gone', cause, fix: 'Start again on the device.' } }
  }
  const parameters = readQuery(story.request)
  const clientId = clientIdOf(parameters.get('client_id') ?? '')
  const client = await clientNow(ctx, clientId)
  const gone = code === undefined ? undefined : endOfClient(client, code, false)
  const explanation = {
    kind,
    ...(gone ?? whatOfDevice(story)),
    client: viewClient(clientId, client, code),
    consent_request_id: story.grantId ?? undefined,
    requested_scope: filled(parameters.list('scope').join(' ')),
    expires_at: at(story.expires),
  }
  return { explanation, clientId }
}

function whatOfDevice({ status, expires }: DeviceStory): Verdict {
  if (status === 'denied') return endedVerdict('user_denied')
  if (isOver(expires))
    return { state: 'expired', cause: `It expired at ${at(expires)}.`, fix: 'Start again on the device.' }
  if (status === 'approved')
    return { state: 'active', cause: 'The user said yes: the device gets its tokens when it asks.' }
  return { state: 'pending', cause: 'The user has not answered yet.' }
}
