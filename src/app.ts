import type { Hono, MiddlewareHandler } from 'hono'
import { adminClients } from './admin/clients.ts'
import { flowRoutes } from './admin/flows.ts'
import { flush } from './admin/flush.ts'
import { type AdminGuard, guardByBinding, guardByKey, requireScope } from './admin/guard.ts'
import { introspect } from './admin/introspect.ts'
import { keyRoutes } from './admin/keys.ts'
import { metrics } from './admin/metrics.ts'
import { sessionRoutes } from './admin/sessions.ts'
import { deleteTokens } from './admin/tokens.ts'
import { trustedIssuerRoutes } from './admin/trusted-issuers.ts'
import { version } from './admin/version.ts'
import type { AppEnv } from './context.ts'
import { cors } from './http/cors.ts'
import { renderError } from './http/error-response.ts'
import { notFound } from './http/not-found.ts'
import { canonicalPath } from './http/paths.ts'
import { newRouter } from './http/router.ts'
import { logout } from './logout/rp-initiated.ts'
import { fallbackPages } from './pages/fallbacks.ts'
import { uiPages } from './pages/ui.ts'
import { authorize } from './public/authorize.ts'
import { checkSession } from './public/check-session.ts'
import { credentials } from './public/credentials.ts'
import { deviceAuthorization } from './public/device-authorization.ts'
import { deviceVerify } from './public/device-verify.ts'
import { discovery } from './public/discovery.ts'
import { alive, ready } from './public/health.ts'
import { jwks } from './public/jwks.ts'
import { manageRegistration, register } from './public/register.ts'
import { revoke } from './public/revoke.ts'
import { token } from './public/token.ts'
import { userinfo } from './public/userinfo.ts'
import { requestContext } from './request-context.ts'

const getPath = (request: Request): string => canonicalPath(new URL(request.url).pathname)

/** The admin API (contract 1.2), each part behind the guard of its surface. */
function adminRoutes(guard: AdminGuard): Hono<AppEnv> {
  return newRouter()
    .use('/clients/*', requireScope(guard, 'clients'))
    .use('/keys/*', requireScope(guard, 'keys'))
    .use('/oauth2/auth/*', requireScope(guard, 'flows'))
    .use('/oauth2/flush', requireScope(guard, 'flows'))
    .use('/oauth2/tokens', requireScope(guard, 'clients'))
    .use('/trust/*', requireScope(guard, 'keys'))
    .use('/version', requireScope(guard, 'introspect'))
    .use('/metrics/*', requireScope(guard, 'introspect'))
    .route('/clients', adminClients)
    .route('/keys', keyRoutes(guard))
    .route('/oauth2/auth/requests', flowRoutes)
    .route('/oauth2/auth/sessions', sessionRoutes)
    .route('/trust/grants/jwt-bearer/issuers', trustedIssuerRoutes)
    .post('/oauth2/introspect', introspect(guard))
    .post('/oauth2/flush', flush)
    .delete('/oauth2/tokens', deleteTokens)
    .get('/version', version)
    .get('/metrics/prometheus', metrics)
}

function base(surface: 'public' | 'binding', ...more: MiddlewareHandler<AppEnv>[]): Hono<AppEnv> {
  return newRouter({ getPath })
    .use(requestContext(surface), ...more)
    .notFound(notFound)
    .onError(renderError)
    .get('/health/alive', alive)
    .get('/health/ready', ready)
}

/** Every route of the public origin, the admin API behind its key included. */
export const app: Hono<AppEnv> = base('public', cors)
  .get('/.well-known/openid-configuration', discovery)
  .get('/.well-known/oauth-authorization-server', discovery)
  .get('/.well-known/jwks.json', jwks)
  .on(['GET', 'POST'], '/oauth2/auth', authorize)
  .post('/oauth2/token', token)
  .post('/oauth2/revoke', revoke)
  .post('/oauth2/device/auth', deviceAuthorization)
  .get('/oauth2/device/verify', deviceVerify)
  .on(['GET', 'POST'], '/userinfo', userinfo)
  .post('/credentials', credentials)
  .on('POST', ['/oauth2/register', '/connect/register'], register)
  .on(['GET', 'PUT', 'DELETE'], ['/oauth2/register/:id', '/connect/register/:id'], manageRegistration)
  .on(['GET', 'POST'], '/oauth2/sessions/logout', logout)
  .get('/oauth2/sessions/check', checkSession)
  .get('/admin/oauth2/auth/sessions/login/revoke', logout)
  .route('/admin', adminRoutes(guardByKey))
  .route('/oauth2/fallbacks', fallbackPages)
  .route(
    '/',
    uiPages((request, c) => Promise.resolve(app.fetch(request, c.env, c.executionCtx))),
  )

/** What answers over the `Admin` service binding: the admin API, without a key. */
export const bindingApp: Hono<AppEnv> = base('binding').route('/admin', adminRoutes(guardByBinding))
