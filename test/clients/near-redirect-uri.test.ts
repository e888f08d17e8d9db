import { describe, expect, it } from 'vitest'
import { nearestRedirectUri } from '../../src/clients/near-redirect-uri.ts'

const REGISTERED = ['https://app.example/cb', 'http://localhost:3000/done/', 'com.app:/cb']

describe('the registered redirect URI that was probably meant', () => {
  it.each([
    ['https://app.example/cb/', 0, "has an extra '/' at the end"],
    ['http://localhost:3000/done', 1, "lacks the '/' at the end"],
    ['https://app.example/CB', 0, 'differs in upper and lower case'],
    ['https://APP.example/cb', 0, 'is the same written in another way'],
    ['http://app.example/cb', 0, 'has scheme http, not https'],
    ['http://localhost:3001/done/', 1, 'has port 3001, not 3000'],
    ['http://localhost/done/', 1, 'has no port, not 3000'],
    ['https://app.example:8443/cb', 0, 'has port 8443, not one'],
    ['http://127.0.0.1:3000/done/', 1, 'has host 127.0.0.1, not localhost'],
    ['https://app.example/callback', 0, 'has path /callback, not /cb'],
    ['https://app.example/cb?a=b', 0, 'has a query'],
    ['http://app.example/cb/', 0, "has scheme http, not https and has an extra '/' at the end"],
  ])('%s', (requested, index, difference) => {
    expect(nearestRedirectUri(REGISTERED, requested)).toEqual({ uri: REGISTERED[index], difference })
  })

  it.each([
    [['https://app.example/cb?a=b'], 'https://app.example/cb', 'has no query'],
    [['https://app.example/cb?a=b'], 'https://app.example/cb?a=c', 'has another query'],
  ])('of %j, asked for %s', (registered, requested, difference) => {
    expect(nearestRedirectUri(registered, requested)?.difference).toBe(difference)
  })

  it.each(['https://other.example/elsewhere', 'no URI', ''])('is none for %j', (requested) => {
    expect(nearestRedirectUri(REGISTERED, requested)).toBeUndefined()
  })

  it('is none of a client without any, and of very many the first hundred are compared', () => {
    const many = Array.from({ length: 200 }, (_, at) => `https://${at}.example/cb/${at}`)
    expect(nearestRedirectUri(null, 'https://app.example/cb')).toBeUndefined()
    expect(nearestRedirectUri(many, 'https://99.example/cb/99/')?.uri).toBe(many[99])
    expect(nearestRedirectUri(many, 'https://100.example/cb/100/')).toBeUndefined()
  })
})
