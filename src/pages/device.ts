import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { as } from '../errors/translate.ts'
import { acceptUserCode } from '../flow/device-request.ts'
import { deviceChallenge } from '../flow/device-state.ts'
import { groupUserCode, looksLikeUserCode, readUserCode } from '../flow/user-code.ts'
import { readForm } from '../http/form.ts'
import { refusedField, renderPage } from '../http/page.ts'
import { challengeOf, proceed } from './flow-step.ts'

const TYPE = 'Type the code that your device shows.'
const UNTYPED = 'No code was typed.'
const COMPARE = 'Continue only if a device in front of you shows this same code.'

/**
 * The built-in device page: asks the user to enter the code that the device shows, or to compare it with the one in the
 * link.
 */
export async function showDevice(c: Context<AppEnv>): Promise<Response> {
  const challenge = challengeOf(c, 'device')
  const { config } = c.var.ctx.rt
  if ((await deviceChallenge.open(c.var.ctx.rt, challenge)) === undefined) {
    throw new OAuthError('challenge_not_found', 'challenge_unknown')
  }
  // Anybody can write a link, so only what can be a code is shown.
  const userCode = c.req.query('user_code') ?? ''
  const settings = config.oauth2.device.userCode
  if (!looksLikeUserCode(userCode, settings)) return devicePage(c, { told: TYPE })
  return devicePage(c, { told: COMPARE, userCode: groupUserCode(readUserCode(userCode, settings), settings) })
}

/** Handles the code form; asks again after an unusable code. */
export async function submitDevice(c: Context<AppEnv>): Promise<Response> {
  const challenge = challengeOf(c, 'device')
  const userCode = (await readForm(c.var.body)).get('user_code') ?? ''
  if (userCode === '') return devicePage(c, { told: TYPE, problem: UNTYPED })
  const { ctx } = c.var
  const askAgain = (refusal: OAuthError): Response | Promise<Response> => {
    ctx.refused(refusal)
    return devicePage(c, { told: TYPE, userCode, problem: refusal.hint })
  }
  return acceptUserCode(ctx, challenge, { user_code: userCode })
    .then((accepted) => proceed(c, accepted))
    .catch(as({ invalid_request: askAgain, too_many_requests: askAgain }))
}

/** The last page in the browser, when the device can go on. */
export function deviceDone(c: Context<AppEnv>): Response | Promise<Response> {
  const content = html`<p class="notice">Go on there. You may close this page.</p>`
  return renderPage(c, { title: 'Your device is connected', narrow: true, content })
}

interface DevicePage {
  /** What the user is asked to do. */
  readonly told: string
  readonly userCode?: string
  /** Why the previous code was refused. */
  readonly problem?: string
}

function devicePage(
  c: Context<AppEnv>,
  { told, userCode = '', problem }: DevicePage,
): Response | Promise<Response> {
  const content = html`<form method="post" class="card">
<p>${told}</p>
<label class="code">Code on the device
<input type="text" name="user_code" value="${userCode}" autocomplete="off" autocapitalize="characters"
 spellcheck="false"${refusedField(problem)}>
</label>
<div class="buttons"><button type="submit">Continue</button></div>
</form>`
  return renderPage(c, { title: 'Connect a device', narrow: true, content, problem })
}
