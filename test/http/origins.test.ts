import { describe, expect, it } from 'vitest'
import { originAllowed } from '../../src/http/origins.ts'

describe('originAllowed (contract 3.14)', () => {
  it.each([
    ['https://app.example', 'https://app.example'],
    ['https://App.Example/', 'https://app.example'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['*', 'https://any.example'],
    ['*', 'null'],
    ['https://*', 'https://any.example'],
    ['https://*', 'https://any.example:8443'],
    ['https://*.example.com', 'https://a.example.com'],
    ['https://*.example.com', 'https://a.b.example.com'],
    ['https://*:8443', 'https://a.example:8443'],
    ['http://localhost:*', 'http://localhost:5173'],
  ])('%s covers %s', (pattern, origin) => {
    expect(originAllowed([pattern], origin)).toBe(true)
  })

  it.each([
    ['https://app.example', 'http://app.example'],
    ['https://app.example', 'https://app.example:8443'],
    ['https://app.example', 'https://app.example.evil.example'],
    ['https://app.example', 'https://evil.example/https://app.example'],
    ['https://*', 'http://any.example'],
    ['https://*', 'null'],
    ['https://*', 'https://'],
    ['https://*.example.com', 'https://example.com'],

    ['https://*.example.com', 'https://evilexample.com'],
    ['https://*.example.com', 'https://evil.example/.example.com'],
    ['https://*.example.com', 'https://evil.example#.example.com'],
    ['https://*.example.com', 'https://user@a.example.com'],
    ['https://*foo.com', 'https://barfoo.com'],
    ['https://*foo.com', 'https://foo.com'],
    ['https://foo.*', 'https://foo.com'],
    ['https://foo*', 'https://foobar.com'],
    ['https://*.*.com', 'https://a.b.com'],
    ['*://app.example', 'https://app.example'],
    ['http://localhost:*', 'http://localhost:x'],
    ['http://localhost:*', 'http://localhost.evil.example'],
    ['http*', 'https://app.example'],
  ])('%s does not cover %s', (pattern, origin) => {
    expect(originAllowed([pattern], origin)).toBe(false)
  })

  it('is false for an empty list', () => {
    expect(originAllowed([], 'https://app.example')).toBe(false)
  })
})
