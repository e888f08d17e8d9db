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
  /** Its own page, https; null if it has none that counts. */
  readonly home: string | null
  readonly client: JsonObject
}

/** The longest name that is shown, in characters. A longer one is a message to the user. */
const MAX_NAME = 60

/**
 * Returns how a client is shown to people: by what it registered in their language (OIDC Registration section 2). A page
 * and a logo of its own must be on a host that it sends its users to (section 9.1).
 */
export function applicationOf(client: JsonObject, language: Language): Application {
  const text = (name: string): string => localized(client, name, language)
  const name = shortened(text('client_name') || String(client['client_id']))
  const home = text('client_uri')
  const logo = text('logo_uri')
  // Over plain http anybody on the way could change what is there.
  const isOwn = (url: string): boolean => isHttps(url) && sendsTo(client, new URL(url).hostname)
  return {
    name,
    shown: isolated(name),
    mark: { name, logo: isOwn(logo) && isImage(logo) ? logo : null },
    home: isOwn(home) ? home : null,
    client,
  }
}

function shortened(name: string): string {
  const characters = [...name]
  return characters.length <= MAX_NAME ? name : `${characters.slice(0, MAX_NAME - 1).join('')}…`
}

/** Whether a client's users are sent to a host over https. */
const sendsTo = ({ redirect_uris: uris }: JsonObject, host: string): boolean =>
  Array.isArray(uris) && uris.some((uri) => isHttps(String(uri)) && new URL(String(uri)).hostname === host)

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

/** Whether an https logo can be shown: its origin becomes a part of the policy, where other characters mean something. */
const isImage = (url: string): boolean => /^https:\/\/[a-z0-9.-]+(?::\d+)?$/.test(new URL(url).origin)

const isHttps = (url: string): boolean => URL.parse(url)?.protocol === 'https:'
