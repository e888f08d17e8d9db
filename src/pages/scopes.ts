import { html } from 'hono/html'
import type { Html, HtmlOrNone } from '../http/page-text.ts'
import type { TextName, Texts } from '../languages/en.ts'

/** A scope on the consent page. */
export interface ShownScope {
  readonly scope: string
  readonly text: Html
  /** A second, smaller line. */
  readonly more: HtmlOrNone
  /** Whether the user can only take it or leave everything. */
  readonly fixed: boolean
}

/** What the well-known scopes mean, and a second line where there is one. */
const MEANINGS: Readonly<Record<string, readonly [text: TextName, more?: TextName]>> = {
  openid: ['seeWhoYouAre', 'seeWhoYouAreMore'],
  profile: ['seeProfile', 'seeProfileMore'],
  email: ['seeEmail'],
  address: ['seeAddress'],
  phone: ['seePhone'],
  offline: ['stayConnected', 'stayConnectedMore'],
  offline_access: ['stayConnected', 'stayConnectedMore'],
}

/** The scopes about the user, which stand first, in this order; those that outlast the visit stand last. */
const FIRST = ['openid', 'profile', 'email', 'phone', 'address']
const LAST = ['offline', 'offline_access']

/** The scope without which there is no login (OIDC Core section 3.1.2.1). */
export const isFixed = (scope: string): boolean => scope === 'openid'

/** Returns requested scopes as the consent page shows them: in an order that does not depend on the application's. */
export const shownScopes = (scopes: readonly string[], texts: Texts): readonly ShownScope[] =>
  [...scopes]
    .sort((one, other) => placeOf(one) - placeOf(other))
    .map((scope) => {
      const [text, more] = MEANINGS[scope] ?? []
      return {
        scope,
        text: text === undefined ? html`<code>${scope}</code>` : html`${texts[text]}`,
        more: more !== undefined && html`${texts[more]}`,
        fixed: isFixed(scope),
      }
    })

function placeOf(scope: string): number {
  const first = FIRST.indexOf(scope)
  return first === -1 ? FIRST.length + LAST.indexOf(scope) + 1 : first
}
