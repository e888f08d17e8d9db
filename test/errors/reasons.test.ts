import { describe, expect, it } from 'vitest'
import { asToldToClient, errorBody, OAuthError } from '../../src/errors/oauth-error.ts'
import { allReasons, templateOf } from '../../src/errors/reasons.ts'

const described = (error: OAuthError): string => errorBody(error).error_description

describe('a reason', () => {
  it.each(allReasons())('%s says what was wrong and what to do, each as a sentence', (reason) => {
    const { text, fix } = templateOf(reason)
    for (const sentence of [text, fix]) expect(sentence).toMatch(/^[A-Z'{].*[.?}]$/)
    expect(text + fix).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/)
  })

  it('is told with its facts to whoever was refused', () => {
    const error = new OAuthError('invalid_request', 'parameter_malformed', {
      parameter: 'max_age',
      expected: 'a number',
    })
    expect(described(error)).toBe(
      "Parameter 'max_age' must be a number. Correct its value. The request lacks a required parameter, repeats one, or holds a malformed value.",
    )
    expect(error).toMatchObject({ reason: 'parameter_malformed', facts: { parameter: 'max_age' } })
  })

  it('that is for a client alone is told to one that authenticated', () => {
    const error = new OAuthError('invalid_grant', 'code_expired', { expired: '2026-11-28T12:00:00Z' })
    expect(described(error)).toBe(described(new OAuthError('invalid_grant', 'client_differs')))
    expect(described(asToldToClient(error))).toMatch(
      /^The code expired at 2026-11-28T12:00:00Z\. Redeem codes/,
    )
    const secret = new OAuthError('invalid_client', 'secret_mismatch')
    expect(asToldToClient(secret)).toBe(secret)
  })

  it('holds no character that an error description may not hold (RFC 6749 section 5.2)', () => {
    const error = new OAuthError('resource_not_found', 'entry_unknown', {
      kind: 'client',
      id: 'a"\\\n\u00e9\u{1f600}',
    })
    expect(described(error)).toContain("client 'a'????'.")
  })

  it('that is for the operator alone changes no word of the answer', () => {
    const body = errorBody(new OAuthError('invalid_client', 'secret_mismatch'))
    expect(body).toEqual(errorBody(new OAuthError('invalid_client', 'client_unknown')))
    expect(body.error_description).not.toMatch(/secret|No client has/)
  })

  it('cuts what a stranger sent, and fills no braces that came with it', () => {
    const scope = `{parameter}${'x'.repeat(5000)}`
    const error = new OAuthError('invalid_scope', 'scope_not_allowed', { scope })
    expect(described(error)).toContain("scope '{parameter}xxx")
    expect(described(error).length).toBeLessThan(420)
    expect(String(error.facts['scope'])).toHaveLength(200)
  })
})
