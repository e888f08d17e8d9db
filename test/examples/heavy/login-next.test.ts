import { describe, expect, it } from 'vitest'
import { walkLoginApp } from '../login-walk.ts'
import { runExample } from '../run.ts'

const cwd = `${process.env['LADON_EXAMPLES_AT']}/login-next`

it('does not start elsewhere with a key that everybody knows', async () => {
  const started = runExample('login-next', { cwd, env: { LADON_URL: 'https://login.example.com' } })
  expect(await started.ended).not.toBe(0)
  expect(started.output()).toContain('Ladon is elsewhere: set LADON_ADMIN_KEY.')
})

describe('the pages', () => walkLoginApp('login-next', cwd))
