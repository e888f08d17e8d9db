// @ts-check
/** The pages that login-helper.js shows. Make them yours: all that stands in `html` is escaped. */

/** A text that is HTML already. */
class Html extends String {}

/** @type {(parts: TemplateStringsArray, ...values: unknown[]) => Html} */
const html = (parts, ...values) => new Html(String.raw({ raw: parts }, ...values.map(shown)))

/** @param {unknown} value @returns {string} */
function shown(value) {
  if (value instanceof Html) return String(value)
  if (Array.isArray(value)) return value.map(shown).join('')
  return String(value ?? '').replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  // In a frame of another site people would press a button that they do not see.
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
}
const STYLE =
  new Html(`body { font: 1.1rem/1.5 system-ui; max-width: 24rem; margin: 3rem auto; padding: 0 1rem }
label { display: block }`)

/** @type {(title: string, content: Html, problem?: string, status?: number) => Response} */
function page(title, content, problem, status = 200) {
  const alert = problem && html`<p role="alert">${problem}</p>`
  const body = html`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${STYLE}</style><main><h1>${title}</h1>${alert}${content}</main></html>`
  return new Response(String(body), { status, headers: HEADERS })
}

/** @type {(fields: Html, yes: string, no?: string) => Html} */
const form = (fields, yes, no) => html`<form method="post">${fields}<p><button name="accept">${yes}</button>
${no && html`<button name="reject">${no}</button>`}</p></form>`

/** @type {(name: string, value: string, label: string, checked?: boolean) => Html} */
const checkbox = (name, value, label, checked) =>
  html`<label><input type="checkbox" name="${name}" value="${value}"${checked && html` checked`}> ${label}</label>`

/** @param {string} label */
const remember = (label) => checkbox('remember', 'true', label)

/** @type {Readonly<Record<string, string>>} */
const MEANING = {
  openid: 'know who you are',
  email: 'see your e-mail address',
  offline_access: 'stay connected',
}

/** @type {(client: string, name: string, isWrong: boolean) => Response} */
export const login = (client, name, isWrong) => {
  const fields = html`<p>You go on to <strong>${client}</strong>.</p>
<label>Name <input name="username" value="${name}" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
${remember('Remember me')}`
  return page('Log in', form(fields, 'Log in', 'Cancel'), isWrong ? 'Name and password do not match.' : '')
}

/** @type {(client: string, user: string, scopes: readonly string[]) => Response} */
export const consent = (client, user, scopes) => {
  const boxes = scopes.map((scope) => checkbox('scope', scope, MEANING[scope] ?? scope, true))
  const fields = html`<p><strong>${client}</strong> would like to:</p>${boxes}
<p>You are ${user}.</p>${remember('Do not ask again')}`
  return page('Allow access?', form(fields, 'Allow', 'Deny'))
}

/** @type {(client: string) => Response} */
export const logout = (client) =>
  page(
    'Log out?',
    form(html`<p>${client} asks for it. It ends your login in this browser.</p>`, 'Log out', 'Stay'),
  )

/** What is wrong with a code, by the status it was refused with. @type {Readonly<Record<number, string>>} */
const WRONG_CODE = {
  400: 'This code does not work. Look at your device.',
  429: 'Too many wrong codes. Try again in ten minutes.',
}

/** @type {(code: string, status?: number) => Response} */
export const device = (code, status = 0) => {
  const fields = html`<p>Go on only if a device in front of you shows this code.</p>
<label>Code <input name="user_code" value="${code}" autocomplete="off"></label>`
  return page('Connect a device', form(fields, 'Continue'), WRONG_CODE[status])
}

/** @type {(title: string, told: string, status?: number) => () => Response} */
const message = (title, told, status) => () => page(title, html`<p>${told}</p>`, '', status)

const AGAIN = 'Go back to the application and begin again.'

/** For errors that cannot go back to the application. It shows no text of its query: anybody may write a link. */
export const error = message('This does not work', AGAIN, 400)
export const over = message('This step is over', AGAIN, 400)
export const broken = message('Something is broken', 'It is not you. Try again in a minute.', 503)
export const stillLoggedIn = message('You are still logged in', 'Nothing has changed here.')
export const deviceDone = message('Your device is connected', 'Go on there. You may close this page.')
