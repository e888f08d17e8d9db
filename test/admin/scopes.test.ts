import { createExecutionContext } from 'cloudflare:test'
import { exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { EntrypointName } from '../../src/admin/guard.ts'
import { bindingApp } from '../../src/app.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'

// Lines of these requests stay out of the output.
const lines = new LogLines()

const ISSUERS = '/admin/trust/grants/jwt-bearer/issuers'
const SET = '/admin/keys/some-set'
const UUID = '11111111-2222-4333-8444-555555555555'

/** Calls of the admin API, with the scopes that are enough for each. */
const CALLS: readonly (readonly [method: string, path: string, enough: readonly string[]])[] = [
  ['GET', '/admin/clients', ['clients', 'all']],
  ['GET', '/clients', ['clients', 'all']],
  ['POST', '/admin/clients', ['clients', 'all']],
  ['DELETE', '/admin/oauth2/tokens?client_id=x', ['clients', 'all']],
  ['DELETE', '/admin/copies', ['all']],
  ['GET', SET, ['keys', 'keys:write', 'all']],
  ['GET', '/keys/some-set', ['keys', 'keys:write', 'all']],
  ['POST', SET, ['keys:write', 'all']],
  ['POST', '/keys/some-set', ['keys:write', 'all']],
  ['PUT', SET, ['keys:write', 'all']],
  ['PUT', `${SET}/k`, ['keys:write', 'all']],
  ['DELETE', SET, ['keys:write', 'all']],
  ['DELETE', `${SET}/k`, ['keys:write', 'all']],
  ['PATCH', SET, ['keys:write', 'all']],
  ['GET', ISSUERS, ['keys', 'keys:write', 'all']],
  ['GET', `${ISSUERS}/${UUID}`, ['keys', 'keys:write', 'all']],
  ['POST', ISSUERS, ['keys:write', 'all']],
  ['DELETE', `${ISSUERS}/${UUID}`, ['keys:write', 'all']],
  ['GET', '/admin/oauth2/auth/requests/login?login_challenge=x', ['flows', 'all']],
  ['PUT', '/admin/oauth2/auth/requests/consent/accept?consent_challenge=x', ['flows', 'all']],
  ['PUT', '/admin/oauth2/auth/requests/logout/accept?logout_challenge=x', ['flows', 'all']],
  ['PUT', '/admin/oauth2/auth/requests/device/accept?device_challenge=x', ['flows', 'all']],
  ['GET', '/admin/oauth2/auth/sessions/consent?subject=x', ['flows', 'all']],
  ['POST', '/admin/oauth2/introspect', ['introspect', 'all']],
  ['GET', '/admin/audit', ['audit', 'all']],
  ['POST', '/admin/explain', ['explain', 'all']],
  ['GET', '/admin/grants?client_id=x', ['all']],
  ['GET', '/admin/version', ['introspect', 'all']],
]

const SCOPES = ['introspect', 'flows', 'clients', 'keys', 'keys:write', 'audit', 'explain', 'all']
const keyOf = (scope: string): string => `key-of-scope-${scope.replace(':', '-')}`
const ADMIN_API_KEYS = SCOPES.map((scope) => `app@${scope}:${keyOf(scope)}`).join(',')

/** A request whose body is empty where it may have one. */
const initOf = (method: string, headers: Record<string, string> = {}): RequestInit => ({
  method,
  headers,
  ...(method !== 'GET' && { body: '' }),
})

describe('an API key', () => {
  const deployment = new Deployment(testEnv({ ADMIN_API_KEYS }))

  it.each(CALLS)(
    'for %s %s has one of the scopes %j, and a refusal names them',
    async (method, path, enough) => {
      for (const scope of SCOPES) {
        lines.clear()
        const response = await deployment.fetch(
          path,
          initOf(method, { authorization: `Bearer ${keyOf(scope)}` }),
        )
        expect([scope, response.status === 403]).toEqual([scope, !enough.includes(scope)])
        if (response.status !== 403) continue
        expect(lines.last('request')).toMatchObject({ reason: 'api_key_scope' })
        const { error, error_description } = await bodyOf(response)
        expect(error).toBe('The requested action was forbidden')
        const named = enough.join(', ').replace(/, all$/, ' or all')
        expect(error_description).toContain(`This needs scope ${named}, and API key 'app' does not have it.`)
      }
    },
  )
})

const ENTRYPOINTS: readonly (readonly [EntrypointName, string])[] = [
  ['AdminFlows', 'flows'],
  ['AdminIntrospect', 'introspect'],
  ['Admin', 'all'],
]

describe.each(ENTRYPOINTS)('the entrypoint %s over a service binding', (name, scope) => {
  it.each(CALLS)('goes as far as its scope: %s %s', async (method, path, enough) => {
    const response = await exports[name].fetch(`https://ladon${path}`, initOf(method))
    expect(response.status === 403).toBe(!enough.includes(scope))
    expect(response.status).not.toBe(401)
    if (response.status !== 403) return
    const { error_description } = await bodyOf(response)
    expect(error_description).toContain(`and entrypoint ${name} does not have it.`)
    expect(error_description).toContain(`This needs scope ${enough.join(', ').replace(/, all$/, ' or all')}`)
  })

  it('is no way to the public endpoints', async () => {
    const response = await exports[name].fetch('https://ladon/oauth2/token', initOf('POST'))
    expect(response.status).toBe(404)
  })

  it.each(['off', ...ENTRYPOINTS.map(([, other]) => other)])(
    'is open if ADMIN_ENTRYPOINT names it: %s',
    async (setting) => {
      const env = testEnv({ ADMIN_ENTRYPOINT: setting })
      const path = name === 'AdminFlows' ? '/admin/oauth2/auth/sessions/consent?subject=x' : '/admin/version'
      const request = new Request(`https://ladon${path}`)
      const response = await bindingApp(name).fetch(request, env, createExecutionContext())
      expect(response.status).toBe(setting === scope ? 200 : 401)
    },
  )
})
