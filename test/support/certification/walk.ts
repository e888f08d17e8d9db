import { type Browser, locationOf } from '../deployment.ts'

/** Where a browser ended up that followed every redirect and answered every page. */
export interface Landing {
  /** Paths of the pages that were shown, in order. */
  readonly pages: readonly string[]
  readonly url: URL
  /** What was posted to that address, if it was. */
  readonly posted: URLSearchParams | undefined
  /** The page it stopped at, if it is one of the server's. */
  readonly text: string
  /** Addresses in frames of pages on the way. */
  readonly frames: readonly URL[]
}

/** What the user does on a page, by its path: a form to send. A page that is not named is where the walk ends. */
export type Answers = Readonly<Record<string, (text: string) => URLSearchParams>>

const ticked = (text: string): [string, string][] =>
  attributes(text, /<input type="checkbox" name="grant_scope" value="([^"]*)" checked>/g).map((scope) => [
    'grant_scope',
    scope,
  ])

/** A user who logs in, allows everything, is remembered, and logs out when asked. */
export const WILLING: Answers = {
  '/ui/login': () =>
    new URLSearchParams({ username: 'demo', password: 'demo', remember: 'true', accept: 'true' }),
  '/ui/consent': (text) => new URLSearchParams([...ticked(text), ['remember', 'true'], ['accept', 'true']]),
  '/ui/logout': () => new URLSearchParams({ accept: 'true' }),
}

const MAX_HOPS = 20

/** Follows redirects, forms and the page of logout frames, from an address until it leaves the server or nothing leads on. */
export async function walk(
  browser: Browser,
  start: string,
  answers: Answers = WILLING,
  init: RequestInit = {},
): Promise<Landing> {
  const home = new URL(start).origin
  const pages: string[] = []
  const frames: URL[] = []
  let [url, request] = [new URL(start), init]
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    if (url.origin !== home) return { pages, url, posted: undefined, text: '', frames }
    const response = await browser.visit(url.href, request)
    if (response.status >= 300 && response.status < 400) {
      ;[url, request] = [new URL(locationOf(response), url), {}]
      continue
    }
    const text = await response.text()
    const form = foreignForm(text, home)
    if (form !== undefined) return { pages, ...form, text: '', frames }
    pages.push(url.pathname)
    frames.push(...attributes(text, /<iframe src="([^"]*)"/g).map((src) => new URL(src)))
    const onward = /<a class="button" id="target" href="([^"]*)"/.exec(text)?.[1]
    const answer = request.method === undefined ? answers[url.pathname] : undefined
    if (onward !== undefined) [url, request] = [new URL(decode(onward), url), {}]
    else if (answer === undefined) return { pages, url, posted: undefined, text, frames }
    else request = { method: 'POST', body: answer(text) }
  }
  throw new Error(`no end of redirects: ${url.href}`)
}

/** The form of a page that posts itself to another origin (OAuth 2.0 Form Post Response Mode section 2). */
function foreignForm(text: string, home: string): Pick<Landing, 'url' | 'posted'> | undefined {
  const action = /<form method="post" action="([^"]*)"/.exec(text)?.[1]
  if (action === undefined) return undefined
  const url = new URL(decode(action), home)
  if (url.origin === home || text.includes('enctype=')) return undefined
  const fields = [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)]
  const pairs = fields.map(([, name = '', value = '']) => [decode(name), decode(value)])
  return { url, posted: new URLSearchParams(pairs) }
}

const attributes = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, value = '']) => decode(value))

const decode = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
