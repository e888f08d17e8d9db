import { describe, expect, it } from 'vitest'
import { OAuthError } from '../../src/errors/oauth-error.ts'
import { as } from '../../src/errors/translate.ts'

const failing = (thrown: unknown): Promise<string> => Promise.reject(thrown)

describe('a failure', () => {
  it('of a code that is named becomes another one', async () => {
    const other = new OAuthError('undecodable_body', 'body_empty')
    const failed = failing(new OAuthError('malformed_body', 'body_empty')).catch(
      as({ malformed_body: () => other }),
    )
    await expect(failed).rejects.toBe(other)
  })

  it('of a code that is named becomes an answer, which may speak of it', async () => {
    const failed = failing(new OAuthError('invalid_request', 'body_empty'))
    expect(await failed.catch(as({ invalid_request: ({ hint }) => hint }))).toMatch(/^The body is empty, and/)
  })

  it.each([
    ['of another code', new OAuthError('temporarily_unavailable', 'storage_unreachable')],
    ['that is none of ours', new TypeError('malformed_body')],
    ['that is no error at all', 'malformed_body'],
    ['that only looks like ours', { name: 'OAuthError', code: 'malformed_body' }],
  ])('%s passes as it is', async (_name, thrown) => {
    const failed = failing(thrown).catch(as({ malformed_body: () => 'mended' }))
    await expect(failed).rejects.toBe(thrown)
  })
})
