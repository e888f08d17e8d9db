import { CommandError } from './command-error.ts'
import type { DevPlan } from './dev-plan.ts'
import { callServer } from './probe.ts'

const CLIENT_ID = 'demo'

/**
 * Registers the demo client through the admin API, or updates it for the server's base URL. Throws CommandError if the
 * server refuses it.
 */
export async function seedDemoClient(plan: DevPlan): Promise<void> {
  const body = JSON.stringify(demoClient(plan.base))
  const headers = { authorization: `Bearer ${plan.adminKey}`, 'content-type': 'application/json' }
  const replaced = await callServer(plan, {
    method: 'PUT',
    path: `/admin/clients/${CLIENT_ID}`,
    headers,
    body,
  })
  if (replaced.status === 200) return
  const created = await callServer(plan, { method: 'POST', path: '/admin/clients', headers, body })
  if (created.status === 201) return
  throw new CommandError(
    `The demo client could not be registered (status ${created.status}): ${created.body}`,
  )
}

function demoClient(base: string) {
  return {
    client_id: CLIENT_ID,
    client_name: 'Demo application',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid offline_access offline profile email',
    redirect_uris: [`${base}/demo/callback`],
    post_logout_redirect_uris: [`${base}/`],
  }
}
