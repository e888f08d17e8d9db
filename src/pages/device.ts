import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { acceptUserCode } from '../flow/device-request.ts'
import { openDeviceChallenge } from '../flow/device-state.ts'
import { readForm } from '../http/form.ts'
import { type Html, html } from '../http/html.ts'
import { refusal, refusedField, renderPage } from '../http/page.ts'
import { challengeOf, proceed, UNPROCESSABLE } from './flow-step.ts'

const TITLE = 'Connect a device'

/** The built-in device page: asks for the code that the device shows, or to compare the one of the link. */
export async function showDevice(c: Context<AppEnv>): Promise<Response> {
  const challenge = challengeOf(c, 'device_challenge')
  if ((await openDeviceChallenge(c.var.ctx.rt, challenge)) === undefined) {
    throw new OAuthError('challenge_not_found')
  }
  const content = deviceForm(c.req.query('user_code') ?? '')
  return renderPage(c, { title: TITLE, narrow: true, content })
}

/** Takes the code; one that leads nowhere is asked for again. */
export async function submitDevice(c: Context<AppEnv>): Promise<Response> {
  const challenge = challengeOf(c, 'device_challenge')
  const userCode = (await readForm(c.req.raw)).get('user_code') ?? ''
  try {
    return proceed(c, (await acceptUserCode(c.var.ctx, challenge, { user_code: userCode })).body)
  } catch (thrown) {
    if (!(thrown instanceof OAuthError) || thrown.code !== 'invalid_request') throw thrown
    const content = deviceForm(userCode, thrown.hint)
    return renderPage(c, { title: TITLE, narrow: true, content }, UNPROCESSABLE)
  }
}

/** Where the browser ends up when the device has its answer. */
export function deviceDone(c: Context<AppEnv>): Response {
  const content = html`<p class="notice">Go on there. You may close this page.</p>`
  return renderPage(c, { title: 'Your device is connected', narrow: true, content })
}

/** @param problem - why the code was refused just now */
function deviceForm(userCode: string, problem?: string): Html {
  return html`${refusal(problem)}
<form method="post" class="card">
<p>Go on only if this very code stands on a device in front of you.</p>
<label class="code">Code on the device
<input type="text" name="user_code" value="${userCode}" autocomplete="off" autocapitalize="characters"
 spellcheck="false"${refusedField(problem)}>
</label>
<div class="buttons"><button type="submit">Continue</button></div>
</form>`
}
