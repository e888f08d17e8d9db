// @ts-check
/** A single-page application: a public client with PKCE that stays logged in by refresh tokens. */
import { UserManager } from 'oidc-client-ts'

/** @type {{ issuer: string, clientId: string, api: string }} */
const { issuer, clientId, api } = await (await fetch('/config.json')).json()

const manager = new UserManager({
  authority: issuer,
  client_id: clientId,
  redirect_uri: `${location.origin}/`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid offline_access orders:read',
  extraQueryParams: { audience: 'orders-api' },
  // A minute before the access token expires, with the refresh token.
  automaticSilentRenew: true,
  // Browsers give the frame that watches the session no cookie of another site.
  monitorSession: false,
})

const element = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id))
// Text, never HTML: answers of others must not become elements.
const say = (/** @type {string} */ text) => {
  element('answer').textContent = text
}
const show = async () => {
  const user = await manager.getUser()
  element('user').textContent =
    user && !user.expired ? `You are ${user.profile.sub}.` : 'Nobody is logged in.'
}

async function orders() {
  const user = await manager.getUser()
  if (!user) return say('Log in first.')
  const answer = await fetch(api, { headers: { authorization: `Bearer ${user.access_token}` } })
  say(`${answer.status} ${await answer.text()}`)
}

/** @type {Record<string, () => Promise<unknown>>} */
const buttons = {
  login: () => manager.signinRedirect(),
  orders,
  renew: async () => say((await manager.signinSilent()) ? 'New tokens.' : 'No tokens.'),
  logout: () => manager.signoutRedirect(),
}
const failed = (/** @type {{ error?: string }} */ { error }) => {
  say(error === 'access_denied' ? 'You said no.' : 'That did not work. Try again.')
}
for (const [id, press] of Object.entries(buttons)) element(id).onclick = () => press().catch(failed)
manager.events.addUserLoaded(() => void show())
manager.events.addUserUnloaded(() => void show())
manager.events.addAccessTokenExpired(() => void show())

// Back from a login or a logout. The library compares `state`, and the code goes out of the address.
const { search } = location
if (new URLSearchParams(search).has('state')) {
  const isLogin = /[?&](code|error)=/.test(search)
  await (isLogin ? manager.signinCallback() : manager.signoutCallback()).catch(failed)
  history.replaceState(null, '', '/')
}
await show()
