import { describe, expect, it } from 'vitest'
import { Deployment, testEnv } from '../support/deployment.ts'

const deployment = new Deployment()

describe('the documents', () => {
  it.each([
    ['/docs', 'text/html; charset=utf-8', /<h1[^>]*>Documents<\/h1>/],
    ['/docs/start', 'text/html; charset=utf-8', /<h1/],
    ['/docs/guides', 'text/html; charset=utf-8', /<h1[^>]*>Guides<\/h1>/],
    ['/docs/guides/spa', 'text/html; charset=utf-8', /<h1/],
    ['/docs/errors', 'text/html; charset=utf-8', / id="invalid_grant"/],
    ['/docs/start.md', 'text/markdown; charset=utf-8', /^# /],
    ['/docs/guides/README.md', 'text/markdown; charset=utf-8', /^# Guides/],
    ['/docs/style.css', 'text/css; charset=utf-8', /color-scheme/],
    ['/llms.txt', 'text/plain; charset=utf-8', /^# Ladon/],
  ])('%s is served as %s', async (path, type, content) => {
    const response = await deployment.fetch(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('cache-control')).toMatch(/^public, max-age=30/)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await response.text()).toMatch(content)
  })

  it.each([
    ['/docs/', '/docs'],
    ['/docs/start/', '/docs/start'],
    ['/docs/guides/spa/', '/docs/guides/spa'],
  ])('%s leads to %s, from where the links of the page count', async (path, target) => {
    const response = await deployment.fetch(path)
    expect([response.status, response.headers.get('location')]).toEqual([308, target])
  })

  it.each([
    '/docs/nowhere',
    '/docs/a/b',
    '/docs/a/b/c',
    '/docs/..%2fopenapi.json',
    '/docs/start.exe',
    '/docs.html',
  ])('%s is not there', async (path) => {
    const response = await deployment.fetch(path, { headers: { accept: 'text/html' } })
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8'])
  })

  it('are below the path of the issuer', async () => {
    const below = new Deployment(testEnv({ URLS_SELF_ISSUER: 'https://op.example/login' }))
    expect((await below.fetch('https://op.example/login/docs/start')).status).toBe(200)
    const slash = await below.fetch('https://op.example/login/docs/start/')
    expect(slash.headers.get('location')).toBe('/login/docs/start')
  })

  it.each([
    ['DOCS is off', { DOCS: 'off' }],
    ['nothing was uploaded', { ASSETS: undefined }],
  ])('are not there while %s', async (_why, settings) => {
    const without = new Deployment(testEnv(settings))
    for (const path of ['/docs', '/docs/start', '/docs/start.md', '/llms.txt'])
      expect((await without.fetch(path)).status, path).toBe(404)
  })

  it('nothing else of the static assets is an answer', async () => {
    expect((await deployment.fetch('/docs.html')).status).toBe(404)
    expect((await deployment.fetch('/assets/openapi.json')).status).toBe(404)
  })
})
