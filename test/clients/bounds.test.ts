import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundsOf, checkBounds } from '../../src/clients/bounds.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { ClientMetadata } from '../../src/store/types.ts'
import { audienceRule, scopeRule } from '../../src/util/scope.ts'
import { testEnv } from '../support/bindings.ts'
import { clientRecord } from '../support/client-record.ts'

const config = loadConfig(testEnv())
const { metadata } = clientRecord('x')

/** Whether a client may give itself what it wants where an admin set this. */
function holds(set: Partial<ClientMetadata>, wanted: Partial<ClientMetadata>): boolean {
  try {
    checkBounds(config, boundsOf({ ...metadata, ...set }), { ...metadata, ...wanted })
    return true
  } catch {
    return false
  }
}

describe('the bounds of a registration', () => {
  const part = fc.constantFrom('a', 'b', '*')
  const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'))
  const names = fc.array(name, { minLength: 1, maxLength: 3 })

  it('cover every scope that could be asked for within them', () => {
    const plain = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(names, names, plain, (set, wanted, asked) => {
        fc.pre(holds({ scope: set.join(' ') }, { scope: wanted.join(' ') }))
        const scope = asked.join('.')
        const { scope: strategy } = config.strategies
        if (scopeRule(strategy, wanted)(scope)) expect(scopeRule(strategy, set)(scope)).toBe(true)
      }),
    )
  })

  it('cover every audience that could be asked for within them', () => {
    const path = fc.array(fc.constantFrom('a', 'b', '..', '%2e', '?x', ''), { maxLength: 3 })
    const uri = path.map((parts) => ['https://api.example', ...parts].join('/'))
    const uris = fc.array(uri, { minLength: 1, maxLength: 2 })
    fc.assert(
      fc.property(uris, uris, uri, (set, wanted, asked) => {
        fc.pre(holds({ audience: set }, { audience: wanted }))
        if (audienceRule(wanted)(asked)) expect(audienceRule(set)(asked)).toBe(true)
      }),
    )
  })

  it.each([
    ['none', 'none', true],
    ['none', 'client_secret_basic', true],
    ['client_secret_basic', 'client_secret_post', true],
    ['client_secret_post', 'none', false],
    ['client_secret_basic', 'private_key_jwt', true],
    ['private_key_jwt', 'client_secret_basic', false],
    ['private_key_jwt', 'tls_client_auth', false],
    ['tls_client_auth', 'none', false],
    ['tls_client_auth', 'private_key_jwt', false],
    ['tls_client_auth', 'tls_client_auth', true],
  ])('of method %s let it be %s: %s', (set, wanted, expected) => {
    const method = (name: string) => ({ token_endpoint_auth_method: name })
    expect(holds(method(set), method(wanted))).toBe(expected)
  })

  it.each<[boolean, boolean, boolean]>([
    [false, true, true],
    [true, true, true],
    [true, false, false],
  ])('of require_signed_request_object %s let it be %s: %s', (set, wanted, expected) => {
    const field = (value: boolean) => ({ require_signed_request_object: value })
    expect(holds(field(set), field(wanted))).toBe(expected)
  })

  it.each<[string, string | undefined, string, boolean]>([
    ['authorization_code_grant_access_token_lifespan', '10m', '10m', true],
    ['authorization_code_grant_access_token_lifespan', '10m', '601s', false],
    ['authorization_code_grant_access_token_lifespan', undefined, '1h', true],
    ['authorization_code_grant_access_token_lifespan', undefined, '3601s', false],
    ['authorization_code_grant_access_token_lifespan', '1000h', '999h', true],
    ['refresh_token_grant_refresh_token_lifespan', '-1s', '-1s', true],
    ['refresh_token_grant_refresh_token_lifespan', '-1s', '10000h', true],
    ['refresh_token_grant_refresh_token_lifespan', '720h', '-1s', false],
    ['refresh_token_grant_refresh_token_lifespan', undefined, '-1s', false],
  ])('of lifespan %s %s let it be %s: %s', (field, set, wanted, expected) => {
    const lifespans = (value: string | undefined) => (value === undefined ? {} : { [field]: value })
    expect(holds(lifespans(set), lifespans(wanted))).toBe(expected)
  })
})
