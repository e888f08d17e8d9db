import { TRUST_PATH } from '../../support/trust.ts'
import type { Random } from '../harness/random.ts'
import { ADMIN_KEY } from '../harness/start.ts'
import { bearer, type Draft, json, metadata, type Pair } from './drafts.ts'
import type { Held } from './world.ts'

type Make = (held: Held, random: Random) => Omit<Draft, 'name'>

const key: Pair = bearer(ADMIN_KEY)

const REQUESTS = '/admin/oauth2/auth/requests'

const decision =
  (step: 'login' | 'consent' | 'logout' | 'device'): Make =>
  (held, random) => {
    const verdict = step === 'device' || random.chance(0.7) ? 'accept' : 'reject'
    const bodies = {
      login: { subject: 'sandbox', remember: true, remember_for: 60, acr: '0', context: { a: 1 } },
      consent: { grant_scope: ['openid'], session: { id_token: { a: 1 }, access_token: { b: [2] } } },
      device: { user_code: held['user_code'] },
      logout: {},
    }
    const body = verdict === 'accept' ? bodies[step] : { error: 'access_denied', status_code: 403 }
    const made = json('PUT', `${REQUESTS}/${step}/${verdict}`, body, [key])
    return { ...made, query: [[`${step}_challenge`, held[`${step}_challenge`] ?? '']] }
  }

/** The ids of what the fuzzer may change as an admin: never anything of a party's. */
const sandbox = (random: Random): string => `sandbox-${random.below(40)}`

/** Requests of an admin, with the right key, about a sandbox. */
export const ADMIN_DRAFTS: Readonly<Record<string, Make>> = {
  'client, create': (_held, random) =>
    json('POST', '/admin/clients', { client_id: sandbox(random), ...metadata(random) }, [key]),
  'client, read': (_held, random) => json('GET', `/admin/clients/${sandbox(random)}`, undefined, [key]),
  'clients, list': (_held, random) => ({
    ...json('GET', '/admin/clients', undefined, [key]),
    query: [
      ['page_size', String(random.pick([0, 1, 5, 500]))],
      ['page_token', random.word(8)],
      ['client_name', 'fuzzed'],
    ],
  }),
  'client, replace': (_held, random) =>
    json('PUT', `/admin/clients/${sandbox(random)}`, metadata(random), [key]),
  'client, patch': (_held, random) =>
    json(
      'PATCH',
      `/admin/clients/${sandbox(random)}`,
      [{ op: random.pick(['add', 'replace', 'remove', 'test', 'move']), path: '/client_name', value: 'x' }],
      [key],
    ),
  'client, lifespans': (_held, random) =>
    json(
      'PUT',
      `/admin/clients/${sandbox(random)}/lifespans`,
      { client_credentials_grant_access_token_lifespan: '10m' },
      [key],
    ),
  'client, delete': (_held, random) => json('DELETE', `/admin/clients/${sandbox(random)}`, undefined, [key]),
  'keys, read': (_held, random) => json('GET', `/admin/keys/${sandbox(random)}`, undefined, [key]),
  'keys, make': (_held, random) =>
    json('POST', `/admin/keys/${sandbox(random)}`, { alg: 'ES256', use: 'sig', kid: random.word(4) }, [key]),
  'keys, put': (_held, random) =>
    json(
      'PUT',
      `/admin/keys/${sandbox(random)}`,
      { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'x', use: 'sig', alg: 'ES256' }] },
      [key],
    ),
  'keys, delete': (_held, random) => json('DELETE', `/admin/keys/${sandbox(random)}`, undefined, [key]),
  'trust, add': (_held, random) =>
    json(
      'POST',
      TRUST_PATH,
      {
        issuer: `https://issuer.example/${sandbox(random)}`,
        subject: 'sandbox',
        scope: ['openid'],
        jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'x' },
        expires_at: '2031-01-01T00:00:00Z',
      },
      [key],
    ),
  'trust, list': () => json('GET', TRUST_PATH, undefined, [key]),
  'trust, read': () => json('GET', `${TRUST_PATH}/${crypto.randomUUID()}`, undefined, [key]),
  'login request': (held) => ({
    ...json('GET', `${REQUESTS}/login`, undefined, [key]),
    query: [['login_challenge', held['login_challenge'] ?? '']],
  }),
  'consent request': (held) => ({
    ...json('GET', `${REQUESTS}/consent`, undefined, [key]),
    query: [['consent_challenge', held['consent_challenge'] ?? '']],
  }),
  'login decision': decision('login'),
  'consent decision': decision('consent'),
  'logout decision': decision('logout'),
  'device decision': decision('device'),
  'consents, list': () => ({
    ...json('GET', '/admin/oauth2/auth/sessions/consent', undefined, [key]),
    query: [['subject', 'sandbox']],
  }),
  'consents, revoke': () => ({
    ...json('DELETE', '/admin/oauth2/auth/sessions/consent', undefined, [key]),
    query: [
      ['subject', 'sandbox'],
      ['all', 'true'],
    ],
  }),
  'logins, end': () => ({
    ...json('DELETE', '/admin/oauth2/auth/sessions/login', undefined, [key]),
    query: [['subject', 'sandbox']],
  }),
  'introspection by an admin': (held, random) => ({
    ...{ method: 'POST', path: '/admin/oauth2/introspect', query: [], headers: [key] },
    form: [['token', held[random.pick(['access_token', 'refresh_token', 'id_token'])] ?? '']],
  }),
  version: () => json('GET', '/version', undefined, [key]),
}
