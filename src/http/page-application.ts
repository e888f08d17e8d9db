import { html } from 'hono/html'
import type { Texts } from '../languages/en.ts'
import type { Language } from '../languages/languages.ts'
import { localized } from '../languages/localized.ts'
import type { JsonObject } from '../util/json.ts'
import type { Mark } from './page-mark.ts'
import { type Html, type HtmlOrNone, isolated } from './page-text.ts'

/** An application as people see it. */
export interface Application {
  readonly name: string
  /** The name in a page. */
  readonly shown: Html
  readonly mark: Mark
  /** Its own page, https; null if it has none. */
  readonly home: string | null
  readonly client: JsonObject
}

/** Returns how a client is shown to people: by what it registered in their language (OIDC Registration section 2). */
export function applicationOf(client: JsonObject, language: Language): Application {
  const text = (name: string): string => localized(client, name, language)
  const name = text('client_name') || String(client['client_id'])
  const home = text('client_uri')
  const logo = text('logo_uri')
  return {
    name,
    shown: isolated(name),
    // Over plain http anybody on the way could change the picture.
    mark: { name, logo: isImage(logo) ? logo : null },
    home: isHttps(home) ? home : null,
    client,
  }
}

/** Links to an application's policy and terms. */
export function applicationLinks({ client }: Application, texts: Texts, language: Language): HtmlOrNone {
  const links = [
    [localized(client, 'policy_uri', language), texts.privacyPolicy],
    [localized(client, 'tos_uri', language), texts.termsOfService],
  ] as const
  const given = links.filter(([url]) => url !== '')
  return (
    given.length > 0 &&
    html`<p class="links">${given.map(([url, text]) => html`<a href="${url}">${text}</a>`)}</p>`
  )
}

/** Whether a logo can be shown: its origin becomes a part of the policy, where other characters mean something. */
const isImage = (url: string): boolean =>
  isHttps(url) && /^https:\/\/[a-z0-9.-]+(?::\d+)?$/.test(new URL(url).origin)

const isHttps = (url: string): boolean => URL.parse(url)?.protocol === 'https:'
