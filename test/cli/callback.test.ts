import { request } from 'node:http'
import { expect, it } from 'vitest'
import { listenForAnswer } from '../../src/cli/callback.ts'
import { freePort } from '../support/server.ts'

/** Asks for a target as it stands, which `fetch` would put right first. */
const statusOf = (port: number, path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .once('error', reject)
      .end()
  })

it('what is not the answer to this request ends nothing', async () => {
  const port = await freePort()
  const { answer, close } = await listenForAnswer(port, 'right', 'https://op.example/oauth2/auth')
  for (const path of ['//', 'http://[', '/callback?state=wrong&code=x', '/other?state=right'])
    expect([path, await statusOf(port, path)]).toEqual([path, 404])
  expect(await statusOf(port, '/callback?state=right&code=good')).toBe(200)
  expect((await answer).get('code')).toBe('good')
  close()
})
