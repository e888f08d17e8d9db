import type { Context } from 'hono'
import { html, raw } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { stateCookieName } from '../http/cookies.ts'
import { MINUTE } from '../http/json.ts'

const SCRIPT =
  "addEventListener('message',async({data,origin,source})=>{const[,id,state,salt]=/^(.+) (\\S+\\.(\\S+))$/.exec(data)??[],own=('; '+document.cookie).split('; '+document.body.dataset.cookie+'=')[1]?.split(';')[0]??'';let answer='error';if(id){const hash=await crypto.subtle.digest('SHA-256',new TextEncoder().encode([id,origin,own,salt].join(' ')));answer=[...new Uint8Array(hash)].map(byte=>byte.toString(16).padStart(2,'0')).join('')+'.'+salt===state?'unchanged':'changed'}source.postMessage(answer,origin)})"

const POLICY = "default-src 'none'; script-src 'sha256-EXqQAHZSZI7TX8zGDAzUO5t6+jKbiRebEWUsk8jjNok='"

/**
 * GET /oauth2/sessions/check: the page that a client's page holds in a frame and asks whether the session changed
 * (OIDC Session Management 1.0 section 3.2). It may be in anybody's frame: it tells nothing but "changed".
 */
export function checkSession(c: Context<AppEnv>): Response | Promise<Response> {
  const name = stateCookieName(c.var.ctx.rt.config.cookies)
  return c.html(
    html`<!doctype html><html lang="en"><title>Session</title><body data-cookie="${name}"><script>${raw(SCRIPT)}</script>`,
    200,
    { ...MINUTE, 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff' },
  )
}
