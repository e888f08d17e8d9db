import { html } from 'hono/html'
import { filled, type Html, type HtmlOrNone, isolated } from '../http/page-text.ts'
import type { TextName, Texts } from '../languages/en.ts'
import { type Language, textsOf } from '../languages/languages.ts'
import { inLanguage } from '../languages/localized.ts'
import { SCOPE_OF } from '../tokens/scope-claims.ts'
import type { ScopeText, ScopeTexts } from '../util/scope-texts.ts'

/** A scope on the consent page, or something else that is granted there. */
export interface ShownRow {
  /** The scope; empty for something else. */
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

/**
 * Returns requested scopes as the consent page shows them, in an order that does not depend on the application's.
 *
 * @param given - the words that an admin chose for scopes, those that count first
 */
export const shownScopes = (
  scopes: readonly string[],
  language: Language,
  given: readonly (ScopeTexts | undefined)[],
): readonly ShownRow[] =>
  [...scopes]
    .sort((one, other) => placeOf(one) - placeOf(other))
    .map((scope) => ({ scope, ...wordsFor(scope, language, given), fixed: isFixed(scope) }))

/** Returns claims that are requested by name as the consent page shows them: below the words for their scope. */
export function shownClaims(
  names: readonly string[],
  language: Language,
  given: readonly (ScopeTexts | undefined)[],
): readonly ShownRow[] {
  const named = Map.groupBy(names, (name) => SCOPE_OF.get(name))
  return [...named].flatMap(([scope, claims]) => {
    // No other claims of a user are released by their names.
    if (scope === undefined) return []
    const more = html`<code dir="ltr">${claims.join(' ')}</code>`
    return [{ scope: '', text: wordsFor(scope, language, given).text, more, fixed: true }]
  })
}

/** Returns requested audiences as the consent page shows them. */
export const shownAudiences = (audiences: readonly string[], language: Language): readonly ShownRow[] =>
  audiences.map((audience) => {
    const text = filled(textsOf(language).useForYou, { audience: isolated(audience) })
    return { scope: '', text, more: false, fixed: true }
  })

function wordsFor(
  scope: string,
  language: Language,
  given: readonly (ScopeTexts | undefined)[],
): Pick<ShownRow, 'text' | 'more'> {
  const texts: Texts = textsOf(language)
  const fixedMore = isFixed(scope) && html`${texts.seeWhoYouAreMore}`
  for (const own of given) {
    const text: ScopeText | undefined = own && ownMember(own, scope)
    if (text !== undefined) return { text: isolated(inLanguage(text, language)), more: fixedMore }
  }
  const [text, more] = ownMember(MEANINGS, scope) ?? []
  return {
    text: text === undefined ? html`<code dir="ltr">${scope}</code>` : html`${texts[text]}`,
    more: more !== undefined && html`${texts[more]}`,
  }
}

/** The member of a name that somebody else chose, such as `constructor`. */
const ownMember = <Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined

function placeOf(scope: string): number {
  const first = FIRST.indexOf(scope)
  return first === -1 ? FIRST.length + LAST.indexOf(scope) + 1 : first
}
