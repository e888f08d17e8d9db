import { describe, expect, it } from 'vitest'
import { walkLoginApp } from '../login-walk.ts'
import { runExample } from '../run.ts'

const cwd = `${process.env['LADON_EXAMPLES_AT']}/login-next`

it.each([
  ['key', {}, 'set LADON_ADMIN_KEY.'],
  ['password', { LADON_ADMIN_KEY: 'a-key-of-its-own' }, 'write verify().'],
])('does not start elsewhere with a %s that everybody knows', async (_what, given, told) => {
  const env = { LADON_URL: 'https://login.example.com', ...given }
  const started = runExample('login-next', { cwd, env })
  expect(await started.ended).not.toBe(0)
  expect(started.output()).toContain(`Ladon is elsewhere: ${told}`)
})

describe('the pages', () => walkLoginApp('login-next', cwd))
