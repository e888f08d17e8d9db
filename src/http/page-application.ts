import { html } from 'hono/html'
import type { Texts } from '../languages/en.ts'
import type { Language } from '../languages/languages.ts'
import { localized } from '../languages/localized.ts'
import type { JsonObject } from '../util/json.ts'
import type { Mark } from './page-mark.ts'
import { type Html, type HtmlOrNone, isolated } from './page-text.ts'

/** An application as people see it. */
export interface Application {
  /** What an admin let it be called; of one that registered itself the host that gets its answers. */
  readonly name: string
  /** The name in a page. */
  readonly shown: Html
  readonly mark: Mark
  /** Its own page, https; null if it has none that counts. */
  readonly home: string | null
  /** What it calls itself, if nobody checked that; null for an application that an admin made or changed. */
  readonly claim: Html | null
  /** Whether the name is no more than that claim. */
  readonly isUnknown: boolean
  /** Its pages that people are led to: policy and terms. */
  readonly links: Readonly<Record<'policy' | 'terms', string | null>>
}

/** The longest name that is shown, in characters. A longer one is a message to the user. */
const MAX_NAME = 60

/**
 * Returns how a client is shown to people: by what it registered in their language (OIDC Registration section 2). A page
 * and a logo of its own must be on a host that it sends its users to (section 9.1). One that registered itself can call
 * itself anything, so it goes by the host that gets its answers, shows a logo of that host alone, and leads nowhere else.
 *
 * @param stranger - set for a client that registered itself, with that host if there is one
 */
export function applicationOf(
  client: JsonObject,
  language: Language,
  stranger?: { readonly answers_to: string | undefined },
): Application {
  const text = (name: string): string => localized(client, name, language)
  const called = shortened(text('client_name') || String(client['client_id']))
  const name = stranger?.answers_to ?? called
  const logo = text('logo_uri')
  // Over plain http anybody on the way could change what is there.
  const isOwn = (url: string): boolean => isHttps(url) && sendsTo(client, new URL(url).hostname)
  const led = (to: string, counts: (url: string) => boolean): string | null => (counts(to) ? to : null)
  const isGiven = (url: string): boolean => url !== ''
  const further = stranger === undefined ? isGiven : isOwn
  const isUnknown = stranger !== undefined && stranger.answers_to === undefined
  return {
    name,
    shown: isolated(name),
    mark: {
      name: isUnknown ? '?' : name,
      logo: isOwn(logo) && isImage(logo) && isOf(logo, stranger) ? logo : null,
    },
    home: led(text('client_uri'), isOwn),
    claim: stranger === undefined ? null : isolated(called),
    isUnknown,
    links: { policy: led(text('policy_uri'), further), terms: led(text('tos_uri'), further) },
  }
}

function shortened(name: string): string {
  const characters = [...name]
  return characters.length <= MAX_NAME ? name : `${characters.slice(0, MAX_NAME - 1).join('')}…`
}

/** Whether a client's users are sent to a host over https. */
const sendsTo = ({ redirect_uris: uris }: JsonObject, host: string): boolean =>
  Array.isArray(uris) && uris.some((uri) => isHttps(String(uri)) && new URL(String(uri)).hostname === host)

/** Whether a logo may stand beside what a stranger goes by: the host that it comes from. */
const isOf = (logo: string, stranger: { readonly answers_to: string | undefined } | undefined): boolean =>
  stranger === undefined || new URL(logo).hostname === stranger.answers_to

/** Links to an application's policy and terms. */
export function applicationLinks({ links }: Application, texts: Texts): HtmlOrNone {
  const given = [
    [links.policy, texts.privacyPolicy] as const,
    [links.terms, texts.termsOfService] as const,
  ].filter(([url]) => url !== null)
  return (
    given.length > 0 &&
    html`<p class="links">${given.map(([url, text]) => html`<a href="${url}">${text}</a>`)}</p>`
  )
}

/** Whether an https logo can be shown: its origin becomes a part of the policy, where other characters mean something. */
const isImage = (url: string): boolean => /^https:\/\/[a-z0-9.-]+(?::\d+)?$/.test(new URL(url).origin)

const isHttps = (url: string): boolean => URL.parse(url)?.protocol === 'https:'
