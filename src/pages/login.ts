import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { acceptLogin, getLoginRequest, type LoginRequestView, rejectLogin } from '../flow/login-request.ts'
import { readForm } from '../http/form.ts'
import { type Html, html } from '../http/html.ts'
import { refusal, refusedField, renderPage } from '../http/page.ts'
import { DEMO_USER, isDemoUser } from './demo-user.ts'
import { challengeOf, clientLinks, clientName, DENIED, proceed, UNPROCESSABLE } from './flow-step.ts'

/** The built-in login page: asks, or passes a recognised session on (contract 3.1). */
export async function showLogin(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  const challenge = challengeOf(c, 'login_challenge')
  const request = await getLoginRequest(ctx, challenge)
  if (request.status === 410) return proceed(c, request.body)
  const { skip, subject } = request.body
  if (skip) return proceed(c, (await acceptLogin(ctx, challenge, { subject })).body)
  return renderPage(c, { title: 'Log in', narrow: true, content: loginForm(request.body) })
}

/** Takes the login form: name and password, or the user's "no". */
export async function submitLogin(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  const challenge = challengeOf(c, 'login_challenge')
  const form = await readForm(c.req.raw)
  if (form.get('reject') !== undefined) return proceed(c, (await rejectLogin(ctx, challenge, DENIED)).body)
  const username = form.get('username') ?? ''
  if (isDemoUser(username, form.get('password') ?? '')) {
    const remember = form.get('remember') !== undefined
    const accepted = await acceptLogin(ctx, challenge, { subject: DEMO_USER.subject, remember, amr: ['pwd'] })
    return proceed(c, accepted.body)
  }
  const request = await getLoginRequest(ctx, challenge)
  if (request.status === 410) return proceed(c, request.body)
  const content = loginForm(request.body, username)
  return renderPage(c, { title: 'Log in', narrow: true, content }, UNPROCESSABLE)
}

const MISMATCH = 'User name and password do not match. The demo user is demo, with password demo.'

/** @param refused - the user name that was refused just now */
function loginForm(request: LoginRequestView, refused?: string): Html {
  const hint = request.oidc_context['login_hint']
  const username = refused ?? (typeof hint === 'string' ? hint : '')
  const problem = refused === undefined ? undefined : MISMATCH
  return html`<p>to go on to <strong>${clientName(request.client)}</strong></p>
${clientLinks(request.client)}
${refusal(problem)}
<form method="post" class="card">
<label>User name
<input type="text" name="username" value="${username}" autocomplete="username" autocapitalize="none">
</label>
<label>Password
<input type="password" name="password" autocomplete="current-password"${refusedField(problem)}>
</label>
<label class="choice"><input type="checkbox" name="remember" value="true"> Remember me</label>
<div class="buttons">
<button type="submit" name="accept" value="true">Log in</button>
<button type="submit" name="reject" value="true" class="plain">Cancel</button>
</div>
</form>
<p class="soft">A page for trying Ladon out: user <code>demo</code>, password <code>demo</code>.</p>`
}
