/** How a module is run: what the client asks for, where the answer comes, and how the client authenticates. */
export interface Variant {
  readonly plan: string
  readonly responseType: string
  readonly responseMode: 'default' | 'form_post'
  readonly authentication: 'client_secret_basic' | 'private_key_jwt'
}

interface Run {
  readonly responseTypes: readonly string[]
  readonly modules: readonly string[]
}

interface Plan {
  readonly runs: readonly Run[]
  readonly authentication?: Variant['authentication']
}

const EVERY_FLOW = [
  'oidcc-server',
  'oidcc-idtoken-signature',
  'oidcc-scope-profile',
  'oidcc-scope-email',
  'oidcc-scope-address',
  'oidcc-scope-phone',
  'oidcc-scope-all',
  'oidcc-display-page',
  'oidcc-display-popup',
  'oidcc-prompt-login',
  'oidcc-prompt-none-not-logged-in',
  'oidcc-prompt-none-logged-in',
  'oidcc-max-age-1',
  'oidcc-max-age-10000',
  'oidcc-ensure-request-with-unknown-parameter-succeeds',
  'oidcc-id-token-hint',
  'oidcc-login-hint',
  'oidcc-ui-locales',
  'oidcc-claims-locales',
  'oidcc-ensure-request-with-acr-values-succeeds',
  'oidcc-ensure-registered-redirect-uri',
  'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
  'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
  'oidcc-claims-essential',
  'oidcc-ensure-request-object-with-redirect-uri',
]

const WITH_ACCESS_TOKEN = ['oidcc-userinfo-get', 'oidcc-userinfo-post-header', 'oidcc-userinfo-post-body']

const WITH_CODE = [
  'oidcc-codereuse',
  'oidcc-codereuse-30seconds',
  'oidcc-server-client-secret-post',
  'oidcc-refresh-token',
]

const BASIC: Plan = {
  runs: [
    {
      responseTypes: ['code'],
      modules: [
        ...EVERY_FLOW,
        ...WITH_ACCESS_TOKEN,
        ...WITH_CODE,
        'oidcc-response-type-missing',
        'oidcc-idtoken-unsigned',
        'oidcc-ensure-request-without-nonce-succeeds-for-code-flow',
        'oidcc-alternate-happy-flow',
        'oidcc-ensure-post-request-succeeds',
        'oidcc-ensure-request-with-valid-pkce-succeeds',
      ],
    },
  ],
}

const IMPLICIT: Plan = {
  runs: [
    {
      responseTypes: ['id_token token', 'id_token'],
      modules: [...EVERY_FLOW, 'oidcc-ensure-request-without-nonce-fails', 'oidcc-alternate-happy-flow'],
    },
    { responseTypes: ['id_token token'], modules: [...WITH_ACCESS_TOKEN, 'oidcc-response-type-missing'] },
  ],
}

const HYBRID: Plan = {
  runs: [
    {
      responseTypes: ['code id_token', 'code token', 'code id_token token'],
      modules: [...EVERY_FLOW, ...WITH_ACCESS_TOKEN, ...WITH_CODE],
    },
    {
      responseTypes: ['code id_token', 'code id_token token'],
      modules: ['oidcc-ensure-request-without-nonce-fails'],
    },
    { responseTypes: ['code token'], modules: ['oidcc-ensure-request-without-nonce-succeeds-for-code-flow'] },
    {
      responseTypes: ['code id_token'],
      modules: [
        'oidcc-response-type-missing',
        'oidcc-alternate-happy-flow',
        'oidcc-ensure-request-with-valid-pkce-succeeds',
      ],
    },
  ],
}

const DYNAMIC: Plan = {
  authentication: 'private_key_jwt',
  runs: [
    {
      responseTypes: ['code'],
      modules: [
        'oidcc-idtoken-rs256',
        'oidcc-idtoken-unsigned',
        'oidcc-userinfo-rs256',
        'oidcc-ensure-redirect-uri-in-authorization-request',
        'oidcc-redirect-uri-query-OK',
        'oidcc-redirect-uri-query-mismatch',
        'oidcc-redirect-uri-query-added',
        'oidcc-redirect-uri-regfrag',
        'oidcc-discovery-endpoint-verification',
        'oidcc-server',
        'oidcc-registration-logo-uri',
        'oidcc-registration-policy-uri',
        'oidcc-registration-tos-uri',
        'oidcc-registration-jwks-uri',
        'oidcc-registration-sector-uri',
        'oidcc-registration-sector-bad',
        'oidcc-server-rotate-keys',
        'oidcc-refresh-token-rp-key-rotation',
        'oidcc-request-uri-unsigned',
        'oidcc-request-uri-signed-rs256',
        'oidcc-ensure-request-object-with-redirect-uri',
        'oidcc-refresh-token',
        'oidcc-ensure-client-assertion-with-iss-aud-succeeds',
      ],
    },
  ],
}

const onCode = (...modules: readonly string[]): Plan => ({ runs: [{ responseTypes: ['code'], modules }] })

/** The plans for OpenID Providers, each with the modules it runs, by the names the OpenID Foundation gives them. */
export const PLANS: Readonly<Record<string, Plan>> = {
  Basic: BASIC,
  Implicit: IMPLICIT,
  Hybrid: HYBRID,
  'Form Post Basic': BASIC,
  'Form Post Implicit': IMPLICIT,
  'Form Post Hybrid': HYBRID,
  Config: onCode('oidcc-discovery-endpoint-verification'),
  Dynamic: DYNAMIC,
  'Third Party-Initiated Login': onCode('oidcc-3rd_party-init-login', 'oidcc-3rd_party-init-login-nohttps'),
  'RP-Initiated Logout': onCode(
    'oidcc-rp-initiated-logout-discovery-endpoint-verification',
    'oidcc-rp-initiated-logout',
    'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri',
    'oidcc-rp-initiated-logout-modified-id-token-hint',
    'oidcc-rp-initiated-logout-no-id-token-hint',
    'oidcc-rp-initiated-logout-no-params',
    'oidcc-rp-initiated-logout-no-post-logout-redirect-uri',
    'oidcc-rp-initiated-logout-no-state',
    'oidcc-rp-initiated-logout-only-state',
    'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri',
    'oidcc-rp-initiated-logout-bad-id-token-hint',
  ),
  'Front-Channel Logout': onCode(
    'oidcc-frontchannel-logout-discovery-endpoint-verification',
    'oidcc-frontchannel-rp-initiated-logout',
  ),
  'Back-Channel Logout': onCode(
    'oidcc-backchannel-logout-discovery-endpoint-verification',
    'oidcc-backchannel-rp-initiated-logout',
  ),
  'Session Management': onCode(
    'oidcc-session-management-discovery-endpoint-verification',
    'oidcc-session-management-rp-initiated-logout',
  ),
}

/** Every way in which the plans run a module. */
export function variantsOf(module: string): readonly Variant[] {
  return Object.entries(PLANS).flatMap(([plan, { runs, authentication = 'client_secret_basic' }]) =>
    runs
      .filter(({ modules }) => modules.includes(module))
      .flatMap(({ responseTypes }) =>
        responseTypes.map((responseType) => ({
          plan,
          responseType,
          responseMode: plan.startsWith('Form Post') ? ('form_post' as const) : ('default' as const),
          authentication,
        })),
      ),
  )
}
