import { loginApp } from '../../login-app.js'
import * as login from '../../login-helper.js'

// Each answer is for one person: Next.js must keep none, neither this GET nor what it fetches (byKey says so too).
export const dynamic = 'force-dynamic'
export const fetchCache = 'force-no-store'

const HANDLERS = new Map([
  ['login', login.handleLogin],
  ['consent', login.handleConsent],
  ['logout', login.handleLogout],
  ['device', login.handleDevice],
  ['device/done', login.handleDeviceDone],
  ['error', login.handleError],
])

async function handle(request, { params }) {
  const { step } = await params
  const handler = HANDLERS.get(step.join('/'))
  return handler ? handler(request, loginApp) : new Response('Nothing here', { status: 404 })
}

export { handle as GET, handle as POST }
