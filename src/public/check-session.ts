import type { Context } from 'hono'
import { html, raw } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { MINUTE } from '../http/json.ts'
import { scriptSource } from '../http/page.ts'

const SCRIPT =
  "addEventListener('message',async({data,origin,source})=>{const[,id,state,salt]=typeof data=='string'&&data.length<2e3&&/^(.+) ([^ .]+\\.([^ .]+))$/.exec(data)||[],own=('; '+document.cookie).split('; '+document.body.dataset.cookie+'=')[1]?.split(';')[0];let answer='error';if(id&&crypto.subtle){const hash=await crypto.subtle.digest('SHA-256',new TextEncoder().encode([id,origin,own,salt].join(' ')));answer=own&&[...new Uint8Array(hash)].map(byte=>byte.toString(16).padStart(2,'0')).join('')+'.'+salt===state?'unchanged':'changed'}if((location.ancestorOrigins?.[0]??origin)===origin)source.postMessage(answer,origin)})"

const policy = (): string => `default-src 'none'; script-src ${scriptSource(SCRIPT)}`

/**
 * GET /oauth2/sessions/check: the page that a client's page loads into a frame and asks whether the session changed
 * (OIDC Session Management 1.0 section 3.2). Any page may frame it, because it only tells whether a `session_state` is
 * still the browser's.
 */
export function checkSession(c: Context<AppEnv>): Response | Promise<Response> {
  const name = c.var.ctx.rt.config.cookies.stateName
  const page = html`<!doctype html><html lang="en"><title>Session</title><body data-cookie="${name}"><script>${raw(SCRIPT)}</script>`
  return c.html(page, 200, {
    ...MINUTE,
    'content-security-policy': policy(),
  })
}
