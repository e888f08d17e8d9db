import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { renderPage } from '../http/page.ts'
import { DONE } from '../http/page-mark.ts'
import { filled, textsFor } from '../http/page-text.ts'
import type { TextName } from '../languages/en.ts'
import { styleOf } from './style.ts'

/** How long a browser may cache the style sheet, in seconds. */
const STYLE_MAX_AGE = 300

/** Makes the page that stands in for a page that the operator did not configure; it names the missing setting. */
const missing =
  (title: TextName, setting: string) =>
  (c: Context<AppEnv>): Response | Promise<Response> => {
    const texts = textsFor(c)
    const lead = filled(texts.setSetting, { setting: html`<code>${setting}</code>` })
    return renderPage(c, { title: texts[title], lead, content: html`` })
  }

/** The page after a logout without a target. */
export function loggedOut(c: Context<AppEnv>): Response | Promise<Response> {
  const texts = textsFor(c)
  return renderPage(c, {
    title: texts.loggedOut,
    lead: html`${texts.youMayClose}`,
    mark: DONE,
    content: html``,
  })
}

/** The style sheet of all built-in pages. */
export const style = (c: Context<AppEnv>): Response =>
  c.body(styleOf(c.var.ctx.rt.config.brand.color), 200, {
    'content-type': 'text/css; charset=utf-8',
    'cache-control': `public, max-age=${STYLE_MAX_AGE}`,
  })

export const noLogin = missing('noLoginPage', 'URLS_LOGIN')
export const noConsent = missing('noConsentPage', 'URLS_CONSENT')
export const noLogout = missing('noLogoutPage', 'URLS_LOGOUT')
export const noDevice = missing('noDevicePage', 'URLS_DEVICE_VERIFICATION')
