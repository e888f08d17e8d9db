import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { acceptLogin, getLoginRequest, type LoginRequestView, rejectLogin } from '../flow/login-request.ts'
import { readForm } from '../http/form.ts'
import { type Html, refusal, refusedField, renderPage } from '../http/page.ts'
import { DEMO_USER, isDemoUser } from './demo-user.ts'
import { challengeOf, clientLinks, clientName, DENIED, proceed, UNPROCESSABLE } from './flow-step.ts'

/** The built-in login page: asks, or passes a recognised session on (contract 3.1). */
export async function showLogin(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  const challenge = challengeOf(c, 'login_challenge')
  const request = await getLoginRequest(ctx, challenge)
  if (request.status === 410) return proceed(c, request.body)
  const { skip, subject } = request.body
  if (skip) return proceed(c, (await acceptLogin(ctx, challenge, { subject, acr: level(request.body) })).body)
  return renderPage(c, { title: 'Log in', narrow: true, content: loginForm(request.body) })
}

/** Takes the login form: name and password, or the user's "no". */
export async function submitLogin(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  const challenge = challengeOf(c, 'login_challenge')
  const form = await readForm(c.req.raw)
  if (form.get('reject') !== undefined) return proceed(c, (await rejectLogin(ctx, challenge, DENIED)).body)
  const request = await getLoginRequest(ctx, challenge)
  if (request.status === 410) return proceed(c, request.body)
  const username = form.get('username') ?? ''
  if (isDemoUser(username, form.get('password') ?? '')) {
    const remember = form.get('remember') !== undefined
    const { subject } = DEMO_USER
    const decision = { subject, remember, amr: ['pwd'], acr: level(request.body) }
    return proceed(c, (await acceptLogin(ctx, challenge, decision)).body)
  }
  const content = loginForm(request.body, username)
  return renderPage(c, { title: 'Log in', narrow: true, content }, UNPROCESSABLE)
}

/** The demo user reaches the level that the client would like best (OIDC Core section 3.1.2.1, `acr_values`). */
const level = ({ oidc_context: { acr_values: wanted } }: LoginRequestView): string =>
  Array.isArray(wanted) ? String(wanted[0]) : ''

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
