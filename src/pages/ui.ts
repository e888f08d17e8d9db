import type { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { newRouter } from '../http/router.ts'
import { showConsent, submitConsent } from './consent.ts'
import { showHome } from './demo/home.ts'
import type { Dispatch } from './demo/relying-party.ts'
import { demoRoutes } from './demo/routes.ts'
import { deviceDone, showDevice, submitDevice } from './device.ts'
import { demoPagesOnly, ownFormsOnly, showRefusal } from './guards.ts'
import { showLogin, submitLogin } from './login.ts'
import { showLogout, submitLogout } from './logout.ts'

/**
 * The built-in login, consent, logout and device pages and the demo application. Answers 404 to everything where
 * `demoPages` is off.
 *
 * @param dispatch - hands a request to this server's own routes; the demo application calls its provider with it
 */
export function uiPages(dispatch: Dispatch): Hono<AppEnv> {
  const pages = newRouter().onError(showRefusal)
  for (const path of ['/', '/ui/*', '/demo/*']) pages.use(path, demoPagesOnly, ownFormsOnly)
  return pages
    .get('/', showHome)
    .get('/ui/login', showLogin)
    .post('/ui/login', submitLogin)
    .get('/ui/consent', showConsent)
    .post('/ui/consent', submitConsent)
    .get('/ui/logout', showLogout)
    .post('/ui/logout', submitLogout)
    .get('/ui/device', showDevice)
    .post('/ui/device', submitDevice)
    .get('/ui/device/done', deviceDone)
    .route('/demo', demoRoutes(dispatch))
}
