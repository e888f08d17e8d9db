// @ts-check
/**
 * Login, consent, logout and device pages for Ladon, over Request and Response: they go with any framework. The file is
 * meant to be copied, with login-pages.js beside it; it needs nothing else.
 */
import { consentPage, devicePage, loginPage, logoutPage, messagePage } from './login-pages.js'

/**
 * What Ladon says of a request; a member is there in the steps that have it.
 * @typedef {{ skip: boolean, subject: string, requested_scope: string[], requested_access_token_audience: string[],
 *   client?: { client_id: string, client_name?: string, skip_consent?: boolean, skip_logout_consent?: boolean },
 *   oidc_context?: { login_hint?: string } }} Asked
 */
/**
 * A way to Ladon's admin API: `byKey` or `byBinding`.
 * @typedef {(path: string, init?: { method: string, body: string }) => Promise<Response>} Ladon
 */
/**
 * `verify` says who has this name and password, if anybody; `id` is the subject of tokens, and must never be another
 * person's later. `claims` are those of the user for the ID token, by the scopes that were granted.
 * @typedef {{ ladon: Ladon, verify: (name: string, password: string) => Promise<{ id: string } | undefined>,
 *   claims?: (subject: string, scopes: string[]) => Promise<Record<string, unknown>> }} LoginApp
 */
/** @typedef {(request: Request, app: LoginApp) => Response | Promise<Response>} Handler */
/** @typedef {(verdict: 'accept' | 'reject', body: object) => Promise<Response>} Decide */
/** @typedef {{ asked: Asked, form: FormData | undefined, decide: Decide }} Step */

const MAX_FORM_BYTES = 16_384
const REMEMBER_SECONDS = 30 * 24 * 3600
const DENIED = { error: 'access_denied', error_description: 'The user said no.' }
const JSON_TYPE = { 'content-type': 'application/json' }

/**
 * Calls the admin API by Ladon's address, with an API key of scope `flows`. Only a server may hold the key.
 * @type {(url: string, key: string) => Ladon}
 */
export const byKey = (url, key) => (path, init) =>
  fetch(`${url}/admin${path}`, {
    ...init,
    headers: { ...JSON_TYPE, authorization: `Bearer ${key}` },
    // Frameworks that keep the answer to a GET would show one user's request to the next.
    cache: 'no-store',
    signal: AbortSignal.timeout(10_000),
  })

/**
 * Calls the admin API over a service binding to the entrypoint `AdminFlows`, which needs no key.
 * @type {(binding: { fetch: (url: string, init?: RequestInit) => Promise<Response> }) => Ladon}
 */
export const byBinding = (binding) => (path, init) =>
  binding.fetch(`https://ladon/admin${path}`, { ...init, headers: JSON_TYPE })

/** @type {Handler} */
export const handleLogin = (request, { ladon, verify }) =>
  atStep(request, ladon, 'login', async ({ asked, form, decide }) => {
    if (asked.skip) return decide('accept', { subject: asked.subject })
    if (form?.has('reject')) return decide('reject', DENIED)
    const name = form ? text(form, 'username') : (asked.oidc_context?.login_hint ?? '')
    const user = form && (await verify(name, text(form, 'password')))
    if (!user) return loginPage(nameOf(asked), name, form && 'Name and password do not match.')
    return decide('accept', { subject: user.id, ...remembering(form) })
  })

/** @type {Handler} */
export const handleConsent = (request, { ladon, claims }) =>
  atStep(request, ladon, 'consent', async ({ asked, form, decide }) => {
    if (form?.has('reject')) return decide('reject', DENIED)
    const known = asked.skip || asked.client?.skip_consent
    if (!known && !form) return consentPage(nameOf(asked), asked.subject, asked.requested_scope)
    const scopes = asked.requested_scope.filter((scope) => known || form?.getAll('scope').includes(scope))
    return decide('accept', {
      grant_scope: scopes,
      grant_access_token_audience: asked.requested_access_token_audience,
      session: { id_token: await claims?.(asked.subject, scopes) },
      ...remembering(form),
    })
  })

/** @type {Handler} */
export const handleLogout = (request, { ladon }) =>
  atStep(request, ladon, 'logout', async ({ asked, form, decide }) => {
    if (form?.has('reject')) return messagePage('You are still logged in', 'Nothing has changed here.')
    return form || asked.client?.skip_logout_consent ? decide('accept', {}) : logoutPage(nameOf(asked))
  })

/** @type {Handler} */
export const handleDevice = (request, { ladon }) =>
  atStep(request, ladon, 'device', ({ form, decide }) => {
    if (!form) return devicePage(new URL(request.url).searchParams.get('user_code') ?? '')
    const code = text(form, 'user_code')
    return decide('accept', { user_code: code }).catch((thrown) => {
      if (thrown.status === 429) return devicePage(code, 'Too many wrong codes. Try again in ten minutes.')
      if (thrown.status === 400) return devicePage(code, 'This code does not work. Look at your device.')
      throw thrown
    })
  })

/** The page for errors that cannot go back to the application. It shows no text of its query: anybody may write a link. */
export const handleError = () =>
  messagePage('This does not work', 'Go back to the application and begin again.', 400)

/** The page for whoever has connected a device. */
export const handleDeviceDone = () =>
  messagePage('Your device is connected', 'Go on there. You may close this page.')

/** @param {FormData} form @param {string} field */
const text = (form, field) => String(form.get(field) ?? '')

/** @param {Asked} asked */
const nameOf = ({ client }) => client?.client_name || client?.client_id || 'An application'

/** @param {FormData} [form] */
const remembering = (form) => ({ remember: form?.has('remember') ?? false, remember_for: REMEMBER_SECONDS })

/** What Ladon refused, or this app itself; `startAgain` is where the browser may begin anew. */
const refusal = (/** @type {number} */ status, /** @type {string | undefined} */ startAgain = undefined) =>
  Object.assign(new Error(`refused with ${status}`), { status, startAgain })

/** Sends the browser on. Only addresses that Ladon gave come here. @param {{ redirect_to: string }} told */
const onTo = ({ redirect_to: location }) =>
  new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })

/** The form that one of our own pages posted. @param {Request} request */
async function ownForm(request) {
  const [site, origin] = ['sec-fetch-site', 'origin'].map((name) => request.headers.get(name))
  const isOwn = site
    ? site === 'same-origin'
    : !!origin && URL.parse(origin)?.host === new URL(request.url).host
  const bytes = Number(request.headers.get('content-length') ?? Number.NaN)
  if (!isOwn || !(bytes <= MAX_FORM_BYTES)) throw refusal(400)
  return request.formData().catch(() => Promise.reject(refusal(400)))
}

/**
 * Runs a step: asks Ladon what it is about, shows its page or takes its form, and sends the browser where Ladon says.
 * @param {Request} request
 * @param {Ladon} ladon
 * @param {'login' | 'consent' | 'logout' | 'device'} step
 * @param {(step: Step) => Response | Promise<Response>} answer
 */
async function atStep(request, ladon, step, answer) {
  const challenge = new URL(request.url).searchParams.get(`${step}_challenge`) ?? ''
  /** @param {string} verdict @param {object} [body] */
  const call = async (verdict, body) => {
    const path = `/oauth2/auth/requests/${step}${verdict}?${step}_challenge=${encodeURIComponent(challenge)}`
    const response = await ladon(path, body && { method: 'PUT', body: JSON.stringify(body) })
    /** @type {Asked & { redirect_to: string, error_description?: string }} */
    const told = await response.json()
    if (response.ok) return told
    throw Object.assign(refusal(response.status, told.redirect_to), { cause: told.error_description })
  }
  /** @type {Decide} */
  const decide = async (verdict, body) => onTo(await call(`/${verdict}`, body))
  const run = async () => {
    const form = request.method === 'POST' ? await ownForm(request) : undefined
    // Of a device there is nothing to know before its code.
    const asked = step === 'device' ? /** @type {Asked} */ ({}) : await call('')
    return answer({ asked, form, decide })
  }
  return run().catch((thrown) => {
    const { status, startAgain } = thrown
    // 410: the step has expired, and its flow can begin anew.
    if (status === 410) return onTo({ redirect_to: startAgain })
    if (status === 400 || status === 404)
      return messagePage('This step is over', 'Go back to the application and begin again.', 400)
    console.error(thrown)
    return messagePage('Something is broken', 'It is not you. Try again in a minute.', 503)
  })
}
