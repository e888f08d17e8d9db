import type { Context } from 'hono'
import { html } from 'hono/html'
import {
  acceptLogin,
  getLoginRequest,
  type LoginRequestView,
  rejectLogin,
} from '../authorize/login-request.ts'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { SAID_NO } from '../flow/denial.ts'
import { readForm } from '../http/form.ts'
import { refusedField, refusedFirst, renderPage } from '../http/page.ts'
import { applicationLinks, applicationOf } from '../http/page-application.ts'
import { filled, languageOf, textsFor } from '../http/page-text.ts'
import { DEMO_USER, isDemoUser } from './demo-user.ts'
import { forRequest, proceed, rememberBox, verdictButtons } from './flow-step.ts'

/** The built-in login page: asks, or accepts a recognised session (contract 3.1). */
export const showLogin = forRequest('login', getLoginRequest, async (c, request) => {
  const { challenge, skip, subject } = request
  if (!skip) return loginPage(c, request)
  return proceed(c, await acceptLogin(c.var.ctx, challenge, { subject, acr: level(request) }))
})

/** Handles the login form: name and password, or the user's "no". */
export const submitLogin = forRequest('login', getLoginRequest, async (c, request) => {
  const { ctx } = c.var
  const { challenge } = request
  const form = await readForm(c.var.body)
  if (form.get('reject') !== undefined) return proceed(c, await rejectLogin(ctx, challenge, SAID_NO))
  const username = form.get('username') ?? ''
  if (!isDemoUser(username, form.get('password'))) {
    ctx.refused(new OAuthError('access_denied', 'password_wrong'))
    return loginPage(c, request, username)
  }
  const remember = form.get('remember') !== undefined
  return proceed(
    c,
    await acceptLogin(ctx, challenge, { subject: DEMO_USER, remember, amr: ['pwd'], acr: level(request) }),
  )
})

/**
 * The authentication level of a demo login: the one that the client prefers (OIDC Core sections 3.1.2.1 and 5.5.1.1).
 */
const level = ({ oidc_context: { acr_values: wanted = '' } }: LoginRequestView): string =>
  String([wanted].flat()[0] ?? '')

/**
 * What a link may put into the name field: a single word, as user names, addresses and numbers are, but not a message.
 */
const NAME = /^\S{1,100}$/

/** @param refused - the user name that was just refused */
function loginPage(
  c: Context<AppEnv>,
  request: LoginRequestView,
  refused?: string,
): Response | Promise<Response> {
  const hint = request.oidc_context['login_hint']
  const username = refused ?? (typeof hint === 'string' && NAME.test(hint) ? hint : '')
  const texts = textsFor(c)
  const problem = refused === undefined ? undefined : texts.mismatch
  const application = applicationOf(request.client, languageOf(c), request.registered_itself)
  const code = html`<code>${DEMO_USER}</code>`
  const content = html`<form method="post">
<label>${texts.userName}
<input type="text" name="username" value="${username}" dir="auto" autocomplete="username" autocapitalize="none"${refusedField(problem)}>
</label>
<label>${texts.password}
<input type="password" name="password" autocomplete="current-password"${refusedFirst(problem)}>
</label>
${rememberBox(texts.rememberMe)}
${verdictButtons(texts.logIn, texts.cancel)}
</form>
${applicationLinks(application, texts)}
<p class="note">${filled(texts.tryOut, { name: code, password: code })}</p>`
  return renderPage(c, {
    title: texts.logIn,
    lead:
      !application.isUnknown &&
      filled(texts.continueTo, { app: html`<strong>${application.shown}</strong>` }),
    mark: application.mark,
    content,
    problem,
  })
}
