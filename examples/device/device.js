// @ts-check
/** A device without a browser, here a terminal: shows a code that its user confirms on another screen (RFC 8628). */
import * as oidc from 'openid-client'

const { env } = process
const ISSUER = env.LADON_URL ?? 'http://localhost:4444'
const API = env.API_URL ?? 'http://localhost:3001/orders'
const CLIENT_ID = env.CLIENT_ID ?? 'tv'

// Plain http is for trying on this machine; the library refuses it otherwise.
const onThisMachine = new URL(ISSUER).hostname === 'localhost' ? [oidc.allowInsecureRequests] : []
// A program that people install can keep no secret.
const config = await oidc.discovery(new URL(ISSUER), CLIENT_ID, {}, oidc.None(), { execute: onThisMachine })

const asked = { scope: 'openid offline_access orders:read', audience: 'orders-api' }
const device = await oidc.initiateDeviceAuthorization(config, asked)
console.log(`Open ${device.verification_uri} and type ${device.user_code}`)
console.log(`or open ${device.verification_uri_complete} and compare the code.`)

/** @param {oidc.ResponseBodyError} refusal */
const explain = ({ error, message }) => {
  const words = { access_denied: 'You said no.', expired_token: 'The code has expired. Start again.' }
  console.error(words[/** @type {keyof typeof words} */ (error)] ?? `It did not work: ${error ?? message}`)
  process.exit(1)
}

// Waits between its questions as the server says, and slows down when told to.
const tokens = await oidc.pollDeviceAuthorizationGrant(config, device).catch(explain)
console.log(`Connected for ${tokens.claims()?.sub}`)

// Later, when the access token has expired. Each refresh token is good once: keep the new one.
const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')

const answer = await fetch(API, { headers: { authorization: `Bearer ${renewed.access_token}` } })
console.log(answer.status, await answer.text())
process.exitCode = answer.ok ? 0 : 1
