import { expect, it } from 'vitest'
import { hostAllowed } from '../../src/config/hosts.ts'
import { loadConfig } from '../../src/config/load.ts'

const SECRETS_SYSTEM = 'a-system-secret-of-at-least-32-chars'
const edge = loadConfig({
  SECRETS_SYSTEM,
  URLS_SELF_ISSUER: 'https://op.example',
  URLS_SELF_PUBLIC: 'https://login.example:8443',
  PUBLIC_HOSTS: 'alt.example,[2001:db8::1]:8080',
})
const local = loadConfig({ SECRETS_SYSTEM, URLS_SELF_ISSUER: 'http://localhost:4444' })

it.each([
  ['https://op.example/oauth2/auth', true, false],
  ['http://op.example/', true, false],
  ['https://OP.example:443/', true, false],
  ['https://login.example:8443/', true, false],
  ['https://login.example/', false, false],
  ['https://alt.example/', true, false],
  ['https://[2001:db8::1]:8080/', true, false],
  ['https://evil.example/', false, false],
  ['https://op.example.evil.example/', false, false],
  ['https://sub.op.example/', false, false],
  ['http://localhost:4444/', false, true],
  ['http://localhost:5555/', false, true],
  ['http://127.0.0.1:1/', false, true],
  ['http://[::1]/', false, true],
  ['http://app.localhost/', false, true],
  ['http://localhost.evil.example/', false, false],
])('%s: https issuer %j, loopback issuer %j', (url, onEdge, onLocal) => {
  expect(hostAllowed(edge, new URL(url))).toBe(onEdge)
  expect(hostAllowed(local, new URL(url))).toBe(onLocal)
})
