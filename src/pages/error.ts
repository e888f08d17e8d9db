import type { Context } from 'hono'
import { html } from 'hono/html'
import { renderClient } from '../clients/render.ts'
import { registeredItself } from '../clients/stranger.ts'
import type { AppEnv } from '../context.ts'
import { as } from '../errors/translate.ts'
import { NOTICE, readErrorNotice } from '../flow/error-notice.ts'
import { renderPage } from '../http/page.ts'
import { type Application, applicationOf } from '../http/page-application.ts'
import { renderDetails } from '../http/page-details.ts'
import { TROUBLE } from '../http/page-mark.ts'
import { filled, filledText, type HtmlOrNone, languageOf, speakAs, textsFor } from '../http/page-text.ts'
import type { TextName, Texts } from '../languages/en.ts'

type Notice = NonNullable<Awaited<ReturnType<typeof readErrorNotice>>>

/** What a person is told of each kind of failure (errors/catalogue.ts). The others are mistakes of the application. */
const TOLD: Readonly<Record<string, TextName>> = {
  request_forbidden: 'linkExpiredMore',
  request_unauthorized: 'linkExpiredMore',
  access_denied: 'linkExpiredMore',
  challenge_not_found: 'linkExpiredMore',
  too_many_requests: 'waitAndReload',
  server_error: 'ownSide',
  temporarily_unavailable: 'ownSide',
}

/** The title for what a person is told. */
const TITLES: Readonly<Partial<Record<TextName, TextName>>> = {
  linkExpiredMore: 'linkExpired',
  waitAndReload: 'tooManyRequests',
}

/** The status of the page, as Hydra's (contract 3.15). */
const FAILED = 500

/**
 * The page for errors that must not go to a client (contract 3.15): first what it means for the person, and what to do,
 * then what developers want to know. Shows only what we sealed, and name and page of a client that an admin registered:
 * no stranger can put other words on it.
 */
export async function failed(c: Context<AppEnv>): Promise<Response> {
  const notice = await readErrorNotice(c.var.ctx.rt, c.req.query(NOTICE) ?? '')
  if (notice === undefined) return unknown(c)
  if (notice.language !== '') speakAs(c, `ui_locales=${notice.language}`)
  const texts = textsFor(c)
  const application = await applicationIn(c, notice)
  const told = TOLD[notice.code] ?? 'setUpWrongly'
  const app = application?.shown ?? html`${texts.theApplication}`
  const name = application?.name ?? ''
  const isNamed = application !== undefined && told === 'setUpWrongly'
  return renderPage(
    c,
    {
      title: isNamed
        ? filledText(texts.couldNotLogIn, { app: name })
        : texts[TITLES[told] ?? 'somethingWrong'],
      ...(isNamed && { heading: filled(texts.couldNotLogIn, { app }) }),
      lead: filled(texts[told], { app }),
      mark: TROUBLE,
      failed: true,
      content: html`${application && wayBack(texts, application)}
${renderDetails(c, notice)}`,
    },
    FAILED,
  )
}

function unknown(c: Context<AppEnv>): Response | Promise<Response> {
  const texts = textsFor(c)
  const lead = html`${texts.whatUnknown} ${texts.goBackAndTryAgain}`
  const page = { title: texts.somethingWrong, lead, mark: TROUBLE, failed: true, content: html`` } as const
  return renderPage(c, page, FAILED)
}

/**
 * The client whose request failed, as people see it; `undefined` if it is not known or cannot be read now, or registered
 * itself: then nobody looked at what it calls itself, which could be a message.
 */
async function applicationIn(c: Context<AppEnv>, { client: id }: Notice): Promise<Application | undefined> {
  if (id === '') return undefined
  const client = await c.var.ctx.rt.clients.find(id).catch(as({ temporarily_unavailable: () => undefined }))
  const isKnown = client !== undefined && registeredItself(client, undefined) === undefined
  return isKnown ? applicationOf(renderClient(client), languageOf(c)) : undefined
}

const wayBack = (texts: Texts, { home, shown }: Application): HtmlOrNone =>
  home !== null &&
  html`<div class="buttons"><a class="button" href="${home}">${filled(texts.backTo, { app: shown })}</a></div>`
