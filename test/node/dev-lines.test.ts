import { describe, expect, it } from 'vitest'
import { isOfRequest, shownLine } from '../../src/dev/dev-lines.ts'

const PLAIN = { json: false, colours: false }
const ESC = String.fromCharCode(27)

const request = (more: object): string =>
  JSON.stringify({
    ...{ kind: 'request', request_id: 'id-1', method: 'GET', route: '/oauth2/auth', status: 302 },
    ...{ client_id: 'demo', duration_ms: 4, ...more },
  })

const REFUSED = request({
  ...{ error: 'invalid_request', reason: 'redirect_uri_near' },
  facts: [
    "difference=has an extra '/' at the end",
    'redirect_uri=https://app.example/cb/?a=b',
    'near=https://app.example/cb',
  ],
})

describe('a line of a development server', () => {
  it('about a request is read at a glance', () => {
    expect(shownLine(request({}), PLAIN)).toBe('  GET    /oauth2/auth 302  client=demo  4 ms')
    const token = request({
      method: 'POST',
      route: '/oauth2/token',
      status: 200,
      grant_type: 'refresh_token',
    })
    expect(shownLine(token, PLAIN)).toBe(
      '  POST   /oauth2/token 200  client=demo  grant_type=refresh_token  4 ms',
    )
  })

  it('about a refusal says why, what to do, and the id of the request', () => {
    expect(shownLine(REFUSED, PLAIN)).toBe(
      "✗ GET    /oauth2/auth 302  client=demo  invalid_request: redirect_uri_near. Parameter 'redirect_uri' has an " +
        "extra '/' at the end: https://app.example/cb/?a=b is not registered, and https://app.example/cb is. Send " +
        'the registered one, or register this one too.  [id-1]',
    )
  })

  it('has colours only where they are wanted', () => {
    const colours = { json: false, colours: true }
    expect(shownLine(REFUSED, colours)).toMatch(new RegExp(`^${ESC}\\[31m✗ .*${ESC}\\[0m$`))
    expect(shownLine(request({}), colours)).not.toContain(ESC)
    expect(shownLine(REFUSED, PLAIN)).not.toContain(ESC)
  })

  it('does nothing to a terminal, whatever a stranger sent', () => {
    const hostile = request({
      error: 'x',
      reason: 'grant_type_unknown',
      facts: [`grant_type=${ESC}[2J\u202e`],
    })
    expect(shownLine(hostile, PLAIN)).toContain("'?[2J?' is no grant type")
  })

  it('about what a request did names it', () => {
    const audit = JSON.stringify({
      ...{ kind: 'audit', event: 'token.reuse_detected', level: 'alert', request_id: 'id-1' },
      ...{ client_id: 'demo', grant: 'g' },
    })
    expect(shownLine(audit, PLAIN)).toBe('· token.reuse_detected  client=demo  grant=g')
    expect(shownLine(audit, { json: false, colours: true })).toContain(`${ESC}[31m`)
    expect(shownLine('{"kind":"settings.misspelt","problems":["a","b"]}', PLAIN)).toBe(
      '· settings.misspelt  problems=a,b',
    )
    expect([audit, request({}), 'Ready'].map(isOfRequest)).toEqual([true, true, false])
  })

  it('stays as it is with --json, or if it is no line of the log', () => {
    expect(shownLine(REFUSED, { json: true, colours: true })).toBe(REFUSED)
    for (const line of ['Ready on http://localhost:4444', '{"kind":', ''])
      expect(shownLine(line, PLAIN)).toBe(line)
  })

  it('of wrangler about the same request is left out', () => {
    for (const json of [true, false])
      expect(
        shownLine(`[wrangler:info] ${ESC}[1mGET${ESC}[22m /oauth2/auth 302 Found (12ms)`, {
          json,
          colours: false,
        }),
      ).toBeNull()
  })
})
