// @ts-check
/**
 * Login, consent, logout and device pages for Ladon, over Request and Response: they go with any framework. The file is
 * meant to be copied, with login-pages.js beside it; it needs nothing else.
 */
import * as pages from './login-pages.js'

/**
 * What Ladon says of a request; a member is there in the steps that have it.
 * @typedef {{ skip: boolean, subject: string, requested_scope: string[], requested_access_token_audience: string[],
 *   client?: { client_id: string, client_name?: string, skip_consent?: boolean, skip_logout_consent?: boolean },
 *   registered_itself?: { answers_to?: string }, oidc_context?: { login_hint?: string } }} Asked
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
/** @typedef {{ asked: Asked, form: FormData | undefined, decide: Decide, query: URLSearchParams }} Step */

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

export const handleLogin = inStep('login', async ({ asked, form, decide }, { verify }) => {
  if (asked.skip) return decide('accept', { subject: asked.subject })
  const name = form ? text(form, 'username') : (asked.oidc_context?.login_hint ?? '')
  const user = form && (await verify(name, text(form, 'password')))
  if (user) return decide('accept', { subject: user.id, ...remembering(form) })
  return pages.login(nameOf(asked), name, form !== undefined)
})

export const handleConsent = inStep('consent', async ({ asked, form, decide }, { claims }) => {
  const known = asked.skip || asked.client?.skip_consent
  if (!known && !form) return pages.consent(nameOf(asked), asked.subject, asked.requested_scope)
  const scopes = asked.requested_scope.filter((scope) => known || form?.getAll('scope').includes(scope))
  return decide('accept', {
    grant_scope: scopes,
    grant_access_token_audience: asked.requested_access_token_audience,
    session: { id_token: await claims?.(asked.subject, scopes) },
    ...remembering(form),
  })
})

export const handleLogout = inStep('logout', ({ asked, form, decide }) =>
  form || asked.client?.skip_logout_consent ? decide('accept', {}) : pages.logout(nameOf(asked)),
)

export const handleDevice = inStep('device', ({ form, decide, query }) => {
  if (!form) return pages.device(query.get('user_code') ?? '')
  const code = text(form, 'user_code')
  return decide('accept', { user_code: code }).catch((thrown) => {
    if (thrown.status === 400 || thrown.status === 429) return pages.device(code, thrown.status)
    throw thrown
  })
})

export { deviceDone as handleDeviceDone, error as handleError } from './login-pages.js'

/** @param {FormData} form @param {string} field */
const text = (form, field) => String(form.get(field) ?? '')

/**
 * What an application is called. One that registered itself can call itself anything, so it goes by the host that gets
 * its answers, if there is one.
 * @param {Asked} asked
 */
const nameOf = ({ client, registered_itself: stranger }) =>
  (stranger ? stranger.answers_to : client?.client_name || client?.client_id) || 'An application'

/** @param {FormData} [form] */
const remembering = (form) => ({ remember: form?.has('remember') ?? false, remember_for: REMEMBER_SECONDS })

/** What was refused, by Ladon with the answer `cause`, or here. @param {number} status @param {unknown} [cause] */
const refusal = (status, cause) => Object.assign(new Error(`refused with ${status}`), { status, cause })

/** Sends the browser on. Only addresses that Ladon gave come here. @param {{ redirect_to: string }} told */
const onTo = ({ redirect_to: location }) =>
  new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })

/** The form that one of our own pages posted. @param {Request} request */
async function ownForm(request) {
  const [site, origin, length] = ['sec-fetch-site', 'origin', 'content-length'].map((name) =>
    request.headers.get(name),
  )
  const isOwn = site ? site === 'same-origin' : URL.parse(origin ?? '')?.host === new URL(request.url).host
  const isShort = Number(length ?? Number.NaN) <= MAX_FORM_BYTES
  const form = isOwn && isShort && (await request.formData().catch(() => undefined))
  return form || Promise.reject(refusal(400))
}

/**
 * Runs a step: asks Ladon what it is about, shows its page or takes its form, and sends the browser where Ladon says.
 * @param {'login' | 'consent' | 'logout' | 'device'} name
 * @param {(step: Step, app: LoginApp) => Response | Promise<Response>} answer
 * @returns {Handler}
 */
function inStep(name, answer) {
  return (request, app) => {
    const query = new URL(request.url).searchParams
    const challenge = encodeURIComponent(query.get(`${name}_challenge`) ?? '')
    /** @param {string} verdict @param {object} [body] @returns {Promise<Asked & { redirect_to: string }>} */
    const call = async (verdict, body) => {
      const path = `/oauth2/auth/requests/${name}${verdict}?${name}_challenge=${challenge}`
      const response = await app.ladon(path, body && { method: 'PUT', body: JSON.stringify(body) })
      const told = await response.json()
      return response.ok ? told : Promise.reject(refusal(response.status, told))
    }
    /** @type {Decide} */
    const decide = async (verdict, body) => onTo(await call(`/${verdict}`, body))
    const run = async () => {
      const form = request.method === 'POST' ? await ownForm(request) : undefined
      // Of a device there is nothing to know before its code.
      const asked = name === 'device' ? /** @type {Asked} */ ({}) : await call('')
      if (form?.has('reject')) return name === 'logout' ? pages.stillLoggedIn() : decide('reject', DENIED)
      return answer({ asked, form, decide, query }, app)
    }
    return run().catch((thrown) => {
      // The step has expired, and its flow can begin anew.
      if (thrown.status === 410) return onTo(thrown.cause)
      if (thrown.status === 400 || thrown.status === 404) return pages.over()
      console.error(thrown)
      return pages.broken()
    })
  }
}
