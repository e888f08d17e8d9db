import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { OAuthError } from '../../src/errors/oauth-error.ts'
import { sha256 } from '../../src/util/digest.ts'

const edge = {
  URLS_SELF_ISSUER: 'https://op.example',
  SECRETS_SYSTEM: 'a-system-secret-of-at-least-32-chars',
}

const adminOf = (settings: Readonly<Record<string, string>>) => loadConfig({ ...edge, ...settings }).admin

function problemOf(settings: Readonly<Record<string, string>>): string {
  try {
    adminOf(settings)
  } catch (thrown) {
    if (thrown instanceof OAuthError) return thrown.hint
    throw thrown
  }
  return ''
}

describe('ADMIN_API_KEYS', () => {
  it.each([
    [
      'introspect:0123456789abcdef',
      { name: expect.stringMatching(/^#.{8}$/), scope: 'introspect', key: '0123456789abcdef' },
    ],
    ['ABCDEFGH._~-1234', { name: expect.stringMatching(/^#.{8}$/), scope: 'all', key: 'ABCDEFGH._~-1234' }],
    ['ops@ABCDEFGH._~-1234', { name: 'ops', scope: 'all', key: 'ABCDEFGH._~-1234' }],
    ['login-app@flows:abcdefghijklmnop', { name: 'login-app', scope: 'flows', key: 'abcdefghijklmnop' }],
    ['ci_2.x@keys:write:0123456789abcdef', { name: 'ci_2.x', scope: 'keys:write', key: '0123456789abcdef' }],
  ])('reads name, scope and key: %s', (text, key) => {
    expect(adminOf({ ADMIN_API_KEYS: `${text}, clients:1234567812345678` }).keys[0]).toEqual({
      ...key,
      digest: sha256(key.key),
    })
  })

  it('names a key without name by the system secret too, so that who reads logs cannot try keys', () => {
    const named = (SECRETS_SYSTEM: string): string | undefined =>
      adminOf({ ADMIN_API_KEYS: '0123456789abcdef', SECRETS_SYSTEM }).keys[0]?.name
    const [one, other] = ['one', 'other'].map((secret) => secret.padEnd(32, '-'))
    expect(named(`new-${one},${one}`)).toBe(named(String(one)))
    expect(named(String(other))).not.toBe(named(String(one)))
  })

  it('takes two keys of one name', () => {
    const { keys } = adminOf({ ADMIN_API_KEYS: 'ops@all:0123456789abcdef,ops@all:fedcba9876543210' })
    expect(keys.map(({ name }) => name)).toEqual(['ops', 'ops'])
  })

  it.each([
    ['leak', /at least 16 characters/],
    ['leak:0123456789abcdef', /introspect, flows/],
    ['keys:leak:0123456789abcdef', /keys:write/],
    ['le ak@all:0123456789abcdef', /\[name@\]/],
    ['@all:0123456789abcdef', /\[name@\]/],
    [`${'leak'.repeat(17)}@all:0123456789abcdef`, /\[name@\]/],
  ])('refuses %s and does not repeat it', (text, expected) => {
    const hint = problemOf({ ADMIN_API_KEYS: text })
    expect(hint).toMatch(/^ADMIN_API_KEYS must be /)
    expect(hint).toMatch(expected)
    expect(hint).not.toMatch(/leak|0123/)
  })
})

describe('ADMIN_ENTRYPOINT', () => {
  it.each([
    ['', []],
    ['off', []],
    ['false', []],
    ['on', ['all']],
    ['all', ['all']],
    ['Flows, introspect', ['flows', 'introspect']],
    ['["flows","all"]', ['flows', 'all']],
  ])('%j opens %j', (text, open) => {
    expect(adminOf({ ADMIN_ENTRYPOINT: text }).entrypoints).toEqual(open)
  })

  it('refuses any other name and does not repeat it', () => {
    expect(problemOf({ ADMIN_ENTRYPOINT: 'flows,leak' })).toMatch(/^(?!.*leak).*flows, introspect, all/)
  })
})
