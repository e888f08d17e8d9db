import type { Context } from 'hono'
import { html } from 'hono/html'
import { DEVICE_GRANT } from '../../clients/grant-types.ts'
import { isPairwiseByAdmin } from '../../clients/sector.ts'
import type { AppEnv, RequestContext } from '../../context.ts'
import { accessDenied, invalidGrant, invalidRequest, OAuthError } from '../../errors/oauth-error.ts'
import { SAID_NO } from '../../flow/denial.ts'
import type { Denial, PendingRequest } from '../../flow/state.ts'
import { verifyUrl } from '../../flow/urls.ts'
import { readQuery } from '../../http/form.ts'
import { json } from '../../http/json.ts'
import { withQuery } from '../../http/location.ts'
import { renderPage } from '../../http/page.ts'
import { renderDetails, tellingDetails } from '../../http/page-details.ts'
import { TROUBLE } from '../../http/page-mark.ts'
import { type Html, textsFor } from '../../http/page-text.ts'
import type { Owner } from '../../ledger/owner.ts'
import { retractGrant, revokeGrants } from '../../logout/end-sessions.ts'
import { isPairwise } from '../../tokens/subject.ts'
import { nowSeconds, seconds } from '../../util/clock.ts'
import type { ClientId } from '../../util/ids.ts'
import type { Requested } from '../request.ts'
import { respondPage } from '../respond.ts'
import { type Approve, defineChannel, tellBrowser } from './channel.ts'

/** A device's request, which waits in the ledger of its user code. */
interface Waiting {
  readonly pending: PendingRequest
}

type DeviceRequest = Requested & Waiting

/** The channel of a device that polls the token endpoint for the outcome. Errors are shown in the browser. */
export const device = defineChannel<Waiting>({
  name: 'device',
  grantType: DEVICE_GRANT,
  // The parameters of a device (RFC 8628 section 3.1), and `prompt` for a user who has to log in again (contract
  // 1.3.10).
  parameters: ['client_id', 'scope', 'audience', 'resource', 'prompt'],
  entryUrl: verifyUrl,
  startUrl: (config, query) =>
    withQuery(verifyUrl(config), { client_id: readQuery(query).require('client_id') }),
  // Whatever redirect URIs the client has.
  redirectUri: () => undefined,
  address: (_requested, pending) => {
    if (pending === null) throw new OAuthError('server_error', 'stored_unreadable', { place: 'flow' })
    return { pending }
  },
  checks: [['sector', checkSector]],
  tell: (c, _request, error) => tellBrowser(c, error),
  deny: (c, request, denial, { owner }) => answerDenial(c, request, denial, owner),
  denialIsBound: true,
  approver: async (_ctx, request) => approve(request),
  expiresAt: ({ pending }) => pending.expiresAt,
  codeLifetime: ({ pending }) => seconds(pending.expiresAt - nowSeconds()),
  tokenLifetime: () => seconds(0),
  // Any device can use the id of a public client.
  isImpersonable: () => true,
})

/** Refuses a pairwise client that let itself have devices, as 0.3.0 took it: nothing shows that its sector is its own. */
function checkSector({ client }: DeviceRequest): void {
  if (isPairwise(client) && !isPairwiseByAdmin(client))
    throw invalidGrant('grant_type_not_allowed', { grant_type: DEVICE_GRANT })
}

/**
 * Gives a device the grant that its user consented to. A grant that comes after another answer is revoked (design section
 * 4). Throws the error to show in the browser.
 */
const approve =
  ({ pending, client, config }: DeviceRequest): Approve =>
  async (c, { grant }) => {
    const { rt, attempt, audit } = c.var.ctx
    const { owner, id } = pending
    const result = await rt.ledgers.call(owner, 'settleDevice', { attempt, id, grant })
    if (result.status !== 'settled') {
      await revokeGrants(c.var.ctx, grant.owner, { id: grant.grantId })
      if (result.status === 'gone') throw new OAuthError('expired_token', 'device_request_gone')
      throw accessDenied(result.approved === undefined ? 'device_refused' : 'decision_differs')
    }
    if (result.first) audit('device.approved', { client_id: client.id, grant: grant.grantId }, grant.owner)
    return respondPage(c, withQuery(config.urls.deviceSuccess, { client_id: client.id }))
  }

/** Tells the device that the user or the login app said no, and shows in the browser what holds (contract 1.3.10, 8.2). */
async function answerDenial(
  c: Context<AppEnv>,
  { pending, client }: DeviceRequest,
  { error, description }: Denial,
  user: Owner | undefined,
): Promise<Response> {
  const { ctx } = c.var
  if (!(await refuse(ctx, pending, client.id, user))) return showConnected(c)
  if (wantsPage(c)) return showDenial(c, description)
  return json({ error, error_description: description }, 400, { 'cache-control': 'no-store' })
}

/**
 * Refuses a device for good. An approval is taken back as long as the device has no tokens. Returns false if it has
 * them. Throws the error to show in the browser.
 */
async function refuse(
  ctx: RequestContext,
  pending: PendingRequest,
  clientId: ClientId,
  user: Owner | undefined,
): Promise<boolean> {
  const { rt, attempt, audit } = ctx
  const { owner, id } = pending
  const denial = { attempt, id, grant: null }
  const first = await rt.ledgers.call(owner, 'settleDevice', denial)
  let result = first
  if (first.status === 'taken' && first.approved !== undefined) {
    const { owner: approver, grantId: retracted } = first.approved
    if (!(await retractGrant(ctx, approver, retracted))) return false
    // In this order a step that fails leaves no grant behind that nobody took back.
    result = await rt.ledgers.call(owner, 'settleDevice', { ...denial, retracted })
  }
  if (result.status === 'gone') throw new OAuthError('expired_token', 'device_request_gone')
  if (result.status === 'taken') throw accessDenied('decision_differs')
  if (result.first) audit('device.denied', { client_id: clientId }, user)
  return true
}

/** Whether the request comes from a browser that shows pages to a user. */
export const wantsPage = (c: Context<AppEnv>): boolean => /text\/html/.test(c.req.header('accept') ?? '')

/** Shows in the browser that the device is not connected, in the words of the app that refused it. */
function showDenial(c: Context<AppEnv>, description: string): Response | Promise<Response> {
  const texts = textsFor(c)
  const isNo = description === SAID_NO.error_description
  const reason = description !== '' && !isNo && html`<p class="alert" dir="auto">${description}</p>`
  return showNotConnected(
    c,
    html`${isNo && html`${texts.youSaidNo} `}${texts.startOnDevice}`,
    html`${reason}`,
    400,
  )
}

/** Shows in the browser that the device is not connected, with what its user can do, and why for developers. */
export function showDeviceError(c: Context<AppEnv>, error: OAuthError): Response | Promise<Response> {
  const texts = textsFor(c)
  const { requestId } = c.var.ctx
  const details = { ...tellingDetails(error), requestId, at: nowSeconds() }
  const lead = html`${error.status >= 500 ? texts.ownSide : texts.startOnDevice}`
  return showNotConnected(c, lead, renderDetails(c, details), error.status)
}

function showNotConnected(
  c: Context<AppEnv>,
  lead: Html,
  content: Html,
  status: OAuthError['status'],
): Response | Promise<Response> {
  const title = textsFor(c).deviceNotConnected
  return renderPage(c, { title, lead, mark: TROUBLE, failed: true, content }, status)
}

/** Shows a user who said no too late that the device is connected. */
function showConnected(c: Context<AppEnv>): Response | Promise<Response> {
  const error = invalidRequest('device_connected')
  if (!wantsPage(c)) throw error
  c.var.ctx.refused(error)
  const texts = textsFor(c)
  const content = html`<p class="alert">${texts.noCameLate}</p>`
  const lead = html`${texts.youMayClose}`
  return renderPage(c, { title: texts.deviceConnected, lead, failed: true, content }, error.status)
}
