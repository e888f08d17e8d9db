import type { BodyClass } from '../http/body.ts'
import type { Endpoint, EndpointGroup, Method } from '../http/endpoint.ts'
import { showConsent, submitConsent } from '../pages/consent.ts'
import {
  demoButtons,
  demoCallback,
  demoLogout,
  demoReloaded,
  demoResult,
  demoStart,
} from '../pages/demo/handlers.ts'
import { showHome } from '../pages/demo/home.ts'
import type { Dispatch } from '../pages/demo/relying-party.ts'
import { deviceDone, showDevice, submitDevice } from '../pages/device.ts'
import { failed } from '../pages/error.ts'
import { loggedOut, noConsent, noDevice, noLogin, noLogout, style } from '../pages/fallbacks.ts'
import { demoPagesOnly, ownFormsOnly, showRefusal } from '../pages/guards.ts'
import { showLogin, submitLogin } from '../pages/login.ts'
import { showLogout, submitLogout } from '../pages/logout.ts'
import { leadsOn, page } from './schemas.ts'

/** Defines an endpoint of a page or its form, meant only for the browser's user. */
const pageEndpoint = (
  method: Method,
  path: string,
  handler: Endpoint['handler'],
  summary: string,
  body: BodyClass = 'none',
): Endpoint => ({
  path,
  methods: [method],
  handler,
  cors: 'none',
  body,
  rate: 'browser',
  wire: () => ({ summary, answers: { 200: page, 303: leadsOn } }),
})

/** Defines the two endpoints of a page with a form. */
const asking = (
  path: string,
  show: Endpoint['handler'],
  submit: Endpoint['handler'],
  summary: string,
): readonly Endpoint[] => [
  pageEndpoint('GET', path, show, summary),
  pageEndpoint('POST', path, submit, `Answer of: ${summary}`, 'form'),
]

/** Pages that are used where the operator configured none; always served. */
export const fallbackEndpoints: readonly Endpoint[] = (
  [
    ['style.css', style, 'Style sheet of the built-in pages'],
    ['login', noLogin, 'No login page is configured'],
    ['consent', noConsent, 'No consent page is configured'],
    ['logout', noLogout, 'No logout page is configured'],
    ['logout/callback', loggedOut, 'The user is logged out'],
    ['device', noDevice, 'No device page is configured'],
    ['device/done', deviceDone, 'The device is approved'],
    ['error', failed, 'What went wrong, where no client can be told'],
  ] as const
).map(([path, handler, summary]) => ({
  ...pageEndpoint('GET', `/oauth2/fallbacks/${path}`, handler, summary),
  // Whoever is refused elsewhere is sent to them. The dearest, the error page, opens an envelope and reads a client, which
  // it mostly has in memory; a notice that this server did not seal is not read any further.
  rate: 'none',
}))

/**
 * The built-in login, consent, logout and device pages and the demo application. All answer 404 while `demoPages` is
 * off.
 *
 * @param dispatch - passes a request to this server's own routes; the demo application calls its provider with it
 */
export const demoGroup = (dispatch: Dispatch): EndpointGroup => ({
  before: ['/', '/ui/*', '/demo/*'].flatMap((pattern) => [
    [pattern, demoPagesOnly],
    [pattern, ownFormsOnly],
  ]),
  onError: showRefusal,
  isOn: ({ demoPages }) => demoPages,
  endpoints: [
    pageEndpoint('GET', '/', showHome, 'Home of the demo'),
    ...asking('/ui/login', showLogin, submitLogin, 'Log in?'),
    ...asking('/ui/consent', showConsent, submitConsent, 'Give access?'),
    ...asking('/ui/logout', showLogout, submitLogout, 'Log out?'),
    ...asking('/ui/device', showDevice, submitDevice, 'Which code does the device show?'),
    pageEndpoint('GET', '/ui/device/done', deviceDone, 'The device is approved'),
    pageEndpoint('POST', '/demo/start', demoStart, 'Log in at the demo'),
    pageEndpoint('GET', '/demo/callback', demoCallback(dispatch), 'Where the demo gets its code'),
    pageEndpoint('GET', '/demo', demoResult(dispatch), 'What the demo was told'),
    pageEndpoint('POST', '/demo/logout', demoLogout, 'Log out of the demo'),
    ...demoButtons.map(([name, press]) =>
      pageEndpoint('POST', `/demo/${name}`, press(dispatch), `Button of the demo: ${name}`),
    ),
    pageEndpoint('GET', '/demo/:action', demoReloaded, 'Back from a button to its page'),
  ],
})
