// @ts-check
/** Makes the machine's key: the private half stays here, the public half goes into the client's registration. */
import { writeFile } from 'node:fs/promises'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'

const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
const kid = await calculateJwkThumbprint(await exportJWK(publicKey))
const mark = { kid, alg: 'ES256', use: 'sig' }

const client = {
  client_id: 'nightly-job',
  client_name: 'Nightly job',
  grant_types: ['client_credentials'],
  response_types: [],
  scope: 'orders:read',
  audience: ['orders-api'],
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: 'ES256',
  jwks: { keys: [{ ...(await exportJWK(publicKey)), ...mark }] },
}

// `wx`: a key that is there is not written over.
const onlyMine = { mode: 0o600, flag: 'wx' }
await writeFile('private-key.json', JSON.stringify({ ...(await exportJWK(privateKey)), ...mark }), onlyMine)
await writeFile('client.json', JSON.stringify(client, null, 2))
console.log('Made private-key.json (keep it secret) and client.json (register it).')
