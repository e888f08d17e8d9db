import type { Context } from 'hono'
import { html } from 'hono/html'
import { renderClient } from '../clients/render.ts'
import { registeredItself } from '../clients/stranger.ts'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { as } from '../errors/translate.ts'
import { acceptUserCode, clientOfUserCode } from '../flow/device-request.ts'
import { type DeviceChallenge, deviceChallenge } from '../flow/device-state.ts'
import { groupUserCode, looksLikeUserCode, readUserCode } from '../flow/user-code.ts'
import { readForm } from '../http/form.ts'
import { refusedFirst, renderPage } from '../http/page.ts'
import { type Application, applicationOf } from '../http/page-application.ts'
import { DONE } from '../http/page-mark.ts'
import { filled, filledText, languageOf, textsFor } from '../http/page-text.ts'
import { challengeOf, proceed } from './flow-step.ts'

/**
 * The built-in device page: asks the user to enter the code that the device shows, or to compare it with the one in the
 * link, and then says which application it is of.
 */
export async function showDevice(c: Context<AppEnv>): Promise<Response> {
  const challenge = challengeOf(c, 'device')
  const { config } = c.var.ctx.rt
  const opened = await deviceChallenge.open(c.var.ctx.rt, challenge)
  if (opened === undefined) throw new OAuthError('challenge_not_found', 'challenge_unknown')
  // Anybody can write a link, so only what can be a code is shown.
  const typed = c.req.query('user_code') ?? ''
  const settings = config.oauth2.device.userCode
  if (!looksLikeUserCode(typed, settings)) return devicePage(c, {})
  const userCode = readUserCode(typed, settings)
  const isAsked = !opened.expired && isOwnWish(c)
  const application = isAsked ? await applicationAt(c, opened.state, userCode) : undefined
  return devicePage(c, { compared: true, userCode: groupUserCode(userCode, settings), application })
}

/**
 * The application whose device shows a code; `undefined` if the code is wrong, which the page says once it is sent, or if
 * that cannot be asked now, or registered itself: what it calls itself could make the code look right.
 */
async function applicationAt(
  c: Context<AppEnv>,
  browser: DeviceChallenge,
  userCode: string,
): Promise<Application | undefined> {
  const { ctx } = c.var
  const nobody = (): undefined => undefined
  const client = await clientOfUserCode(ctx, browser, userCode)
    .then((id) => ctx.rt.clients.find(id))
    .catch(as({ invalid_request: nobody, too_many_requests: nobody, temporarily_unavailable: nobody }))
  const isStranger = client === undefined || registeredItself(client, undefined) !== undefined
  return isStranger ? undefined : applicationOf(renderClient(client), languageOf(c))
}

/**
 * Whether the user opened the page, as browsers say. Another site could have theirs open it very often, with wrong codes,
 * until their network has no try left.
 */
const isOwnWish = (c: Context<AppEnv>): boolean =>
  ['none', 'same-origin'].includes(c.req.header('sec-fetch-site') ?? '')

/** Handles the code form; asks again after an unusable code. */
export async function submitDevice(c: Context<AppEnv>): Promise<Response> {
  const challenge = challengeOf(c, 'device')
  const userCode = (await readForm(c.var.body)).get('user_code') ?? ''
  const texts = textsFor(c)
  if (userCode === '') return devicePage(c, { problem: texts.codeMissing })
  const { ctx } = c.var
  const askAgain =
    (problem: string) =>
    (refusal: OAuthError): Response | Promise<Response> => {
      ctx.refused(refusal)
      return devicePage(c, { userCode, problem })
    }
  return acceptUserCode(ctx, challenge, { user_code: userCode })
    .then((accepted) => proceed(c, accepted))
    .catch(
      as({ invalid_request: askAgain(texts.codeUnusable), too_many_requests: askAgain(texts.codesTooMany) }),
    )
}

/** The last page in the browser, when the device can go on. */
export function deviceDone(c: Context<AppEnv>): Response | Promise<Response> {
  const texts = textsFor(c)
  const lead = html`${texts.returnToDevice}`
  return renderPage(c, { title: texts.deviceConnected, lead, mark: DONE, content: html`` })
}

interface DevicePage {
  /** Whether the code comes from a link, so that the user has to compare it with the device's. */
  readonly compared?: true
  readonly userCode?: string
  /** Whose device shows the code. */
  readonly application?: Application | undefined
  /** Why the previous code was refused. */
  readonly problem?: string
}

function devicePage(
  c: Context<AppEnv>,
  { compared, userCode = '', application, problem }: DevicePage,
): Response | Promise<Response> {
  const texts = textsFor(c)
  const content = html`<form method="post">
<label class="code">${texts.codeOnDevice}
<input type="text" name="user_code" value="${userCode}" dir="ltr" autocomplete="off" autocapitalize="characters"
 spellcheck="false"${refusedFirst(problem)}>
</label>
<div class="buttons"><button type="submit">${texts.continue}</button></div>
</form>`
  const named = application && {
    title: filledText(texts.connectTo, { app: application.name }),
    heading: filled(texts.connectTo, { app: application.shown }),
    mark: application.mark,
  }
  const lead = html`${compared ? texts.compareCode : texts.typeCode}`
  return renderPage(c, { title: texts.connectDevice, ...named, lead, content, problem })
}
