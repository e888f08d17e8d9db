import { get } from 'node:http'
import { describe, expect, it } from 'vitest'
import { freePort } from '../support/server.ts'
import { walkLoginApp } from './login-walk.ts'
import { startExample } from './run.ts'

it('answers on this machine alone while verify() is that of the example', async () => {
  const port = await freePort()
  const running = await startExample('login-hono', { args: ['--port', String(port)] })
  const statusAt = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const path = '/device/done'
      get({ port, path, headers: { host } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).once('error', reject)
    })
  expect(await statusAt('localhost')).toBe(200)
  expect(await statusAt('login.example.com')).toBe(503)
  await running.stop()
})

describe('the pages', () => walkLoginApp('login-hono'))
