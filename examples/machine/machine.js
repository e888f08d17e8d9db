// @ts-check
/** A program without a user: gets an access token with its own key (private_key_jwt), and calls an API with it. */
import { readFile } from 'node:fs/promises'
import { importJWK } from 'jose'
import * as oidc from 'openid-client'

const { env } = process
const ISSUER = env.LADON_URL ?? 'http://localhost:4444'
const API = env.API_URL ?? 'http://localhost:3001/orders'
const CLIENT_ID = env.CLIENT_ID ?? 'nightly-job'

const jwk = JSON.parse(await readFile('private-key.json', 'utf8'))
const key = /** @type {CryptoKey} */ (await importJWK(jwk, 'ES256'))
// Plain http is for trying on this machine; the library refuses it otherwise.
const onThisMachine = new URL(ISSUER).hostname === 'localhost' ? [oidc.allowInsecureRequests] : []
const authentication = oidc.PrivateKeyJwt({ key, kid: jwk.kid })
const config = await oidc.discovery(new URL(ISSUER), CLIENT_ID, {}, authentication, {
  execute: onThisMachine,
})

/** @type {{ token: string, until: number } | undefined} */
let kept

/** The token of before while it is good: a job that asks for one at every call is slow, and its server busy. */
async function accessToken() {
  if (kept && Date.now() < kept.until) return kept.token
  const given = await oidc.clientCredentialsGrant(config, { scope: 'orders:read', audience: 'orders-api' })
  kept = { token: given.access_token, until: Date.now() + ((given.expires_in ?? 0) - 30) * 1000 }
  return kept.token
}

const answer = await fetch(API, { headers: { authorization: `Bearer ${await accessToken()}` } })
console.log(answer.status, await answer.text())
process.exitCode = answer.ok ? 0 : 1
