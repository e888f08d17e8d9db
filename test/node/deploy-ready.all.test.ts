import { describe, expect, it } from 'vitest'
import { askReady } from '../../src/dev/deploy-ready.ts'
import { type Answer, startSite } from '../support/site.ts'

function never(): never {
  throw new Error('there is nothing left')
}

describe('what the server says after a deployment', () => {
  const answering = async (answers: readonly Answer[]) => {
    const left = [...answers]
    const site = await startSite('localhost', () => (left.length > 1 ? left.shift() : left[0]) ?? never())
    const said = await askReady(site.origin, 1500)
    await site.stop()
    return said
  }
  const type = 'application/json'
  const ready: Answer = { type, body: '{"status":"ok"}', headers: { 'x-request-id': 'r-1' } }

  it.each<[what: string, answers: readonly Answer[], state: string, text: string]>([
    ['that it is ready', [ready], 'ready', 'is ready, and has its keys'],
    ['so after a while', [{ type, status: 503, body: '{}' }, ready], 'ready', 'is ready'],
    ['so once the name leads to it', [{ type, body: '{"status":"ok"}' }, ready], 'ready', 'is ready'],
    [
      'so, but it is another one, such as the Hydra that it comes after',
      [{ type, body: '{"status":"ok"}' }],
      'silent',
      'answered by another server',
    ],
    ['something else at that name', [{}], 'silent', 'answered by another server'],
    [
      'what failed',
      [{ type, status: 503, body: '{"errors":{"d1":"does not answer","keys":"x"}}' }],
      'failing',
      'answers 503: d1 does not answer, keys x.',
    ],
    [
      'which setting is wrong',
      [{ type, status: 503, body: '{"error":"misconfiguration","error_description":"Bad."}' }],
      'failing',
      'answers 503: Bad.',
    ],
    ['something else', [{ type: 'text/html', status: 404, body: 'no' }], 'failing', 'answers 404.'],
  ])('%s', async (_what, answers, state, text) => {
    expect(await answering(answers)).toEqual({ state, text: expect.stringContaining(text) })
  })

  it.each([
    ['no name', 'https://login.invalid', 'ENOTFOUND'],
    ['no server', 'http://127.0.0.1:6259', 'ECONNREFUSED'],
  ])('nothing, for there is %s', async (_what, base, why) => {
    expect(await askReady(base, 0)).toEqual({ state: 'silent', text: expect.stringContaining(why) })
  })
})
