import { describe, expect, it, vi } from 'vitest'
import { audienceRule, scopeRule } from '../../src/util/scope.ts'

describe('scopeRule', () => {
  it('costs no more for wildcards before the last segment than ten of them', () => {
    const many = Array.from({ length: 300 }, (_, at) => `${'*.a.'.repeat(at % 20)}*.x${at}`)
    const allowed = scopeRule('wildcard', many)
    const asked = 'a.'.repeat(2000)
    const get = vi.spyOn(Map.prototype, 'get')
    expect(allowed(asked)).toBe(false)
    const lookups = get.mock.calls.length
    get.mockRestore()
    expect(lookups).toBeLessThan(2 * 11 * 2000)
    // What is beyond the tenth compares literally.
    expect(allowed(many.at(-1) ?? '')).toBe(true)
  })

  it.each([
    ['wildcard', ['openid'], 'openid', true],
    ['wildcard', ['openid'], 'email', false],
    ['wildcard', ['email', 'openid'], 'openid', true],
    ['wildcard', [], 'openid', false],
    ['wildcard', ['foo'], 'foo.bar', false],
    ['wildcard', ['foo.bar'], 'foo', false],
    ['wildcard', ['foo.*'], 'foo', false],
    ['wildcard', ['foo.*'], 'foo.', false],
    ['wildcard', ['foo.*'], 'foo.bar', true],
    ['wildcard', ['foo.*'], 'foo.bar.baz', true],
    ['wildcard', ['foo.*'], 'food.bar', false],
    ['wildcard', ['*'], 'anything.at.all', true],
    ['wildcard', ['*'], '', false],
    ['wildcard', ['foo.*.baz'], 'foo.bar.baz', true],
    ['wildcard', ['foo.*.baz'], 'foo..baz', false],
    ['wildcard', ['foo.*.baz'], 'foo.bar', false],
    ['wildcard', ['foo.*.baz'], 'foo.a.b.baz', false],
    ['wildcard', ['foo.*.*'], 'foo.bar', false],
    ['wildcard', ['foo.*.*'], 'foo.bar.baz.qux', true],
    ['wildcard', ['foo.b*'], 'foo.bar', false],
    ['wildcard', ['foo.bar'], 'foo.*', false],
    ['wildcard', ['foo.*'], 'foo.*', true],
    ['exact', ['foo.*'], 'foo.bar', false],
    ['exact', ['foo.*'], 'foo.*', true],
    ['exact', ['foo', 'bar'], 'bar', true],
    ['exact', ['Foo'], 'foo', false],
  ] as const)('%s %j and "%s" is %s', (strategy, registered, requested, allowed) => {
    expect(scopeRule(strategy, registered)(requested)).toBe(allowed)
  })
})

describe('audienceRule', () => {
  it.each([
    [['https://api.example'], 'https://api.example', true],
    [['https://api.example'], 'https://api.example/', true],
    [['https://api.example/'], 'https://api.example', true],
    [['https://api.example'], 'https://api.example/users', true],
    [['https://api.example/users'], 'https://api.example/users/1', true],
    [['https://api.example/users/'], 'https://api.example/users', true],
    [['https://api.example/users'], 'https://api.example/usersx', false],
    [['https://api.example/users'], 'https://api.example', false],
    [['https://api.example'], 'http://api.example', false],
    [['https://api.example'], 'https://api.example.evil', false],
    [['https://api.example'], 'https://api.example:8443', false],
    [['https://api.example'], 'https://user@api.example', false],
    [['https://a.example', 'https://b.example'], 'https://b.example/x', true],
    [[], 'https://api.example', false],
    ...[
      ...['https://api.example/v1/../admin', 'https://api.example/v1/..', 'https://api.example/v1/./x'],
      ...['https://api.example/v1/%2e%2e/admin', 'https://api.example/v1/.%2E/admin'],
      ...['https://api.example/v1%2fx', 'https://api.example/v1/%2F..', 'https://api.example/v1/%5c..'],
      ...['https://api.example/v1?x=1', 'https://api.example/v1#x', 'https://api.example/v1/..\\admin'],
    ].map((requested) => [['https://api.example/v1'], requested, false] as const),
    [['https://api.example/v1'], 'https://api.example/v1/x..y/.z', true],
    [['https://api.example/v1?tenant=1'], 'https://api.example/v1?tenant=1', true],
    [['https://api.example/v1?tenant=1'], 'https://api.example/v1/x', false],
    [['api'], 'api/../other', false],
    [['api'], 'api', true],
    [['api'], 'api/x', true],
    [['api'], 'apis', false],
    [['api'], 'https://api', false],
    [['/'], '/anything', false],
    [[''], '/anything', false],
    [['urn:api:one'], 'urn:api:one', true],
    [['urn:api:one'], 'urn:api:two', false],
    [['urn:api'], 'urn:api/x', false],
  ] as const)('%j and %s is %s', (registered, requested, allowed) => {
    expect(audienceRule(registered)(requested)).toBe(allowed)
  })
})
