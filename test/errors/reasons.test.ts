import { describe, expect, it } from 'vitest'
import { errorBody, OAuthError } from '../../src/errors/oauth-error.ts'
import { allReasons, explain } from '../../src/errors/reasons.ts'

const described = (error: OAuthError): string => errorBody(error).error_description

describe('a reason', () => {
  it.each(allReasons())('%s says what was wrong and what to do, each as a sentence', (reason) => {
    const { text, fix } = explain(reason, {})
    for (const sentence of [text, fix]) expect(sentence).toMatch(/\.$|^$/)
    expect(fix).not.toBe('')
    expect(text + fix).not.toContain('"')
  })

  it('is told with its facts to whoever was refused', () => {
    const error = new OAuthError('invalid_request', 'parameter_malformed', {
      parameter: 'max_age',
      expected: 'a number',
    })
    expect(described(error)).toMatch(/ Parameter 'max_age' must be a number\.$/)
    expect(error).toMatchObject({ reason: 'parameter_malformed', facts: { parameter: 'max_age' } })
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
    expect(described(error).length).toBeLessThan(400)
    expect(String(error.facts['scope'])).toHaveLength(200)
  })
})
