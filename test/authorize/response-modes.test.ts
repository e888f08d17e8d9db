import { Hono } from 'hono'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkResponseType } from '../../src/authorize/check-response-type.ts'
import { validate } from '../../src/authorize/pipeline.ts'
import type { AuthorizationRequest, Target } from '../../src/authorize/request.ts'
import { respondToClient } from '../../src/authorize/respond.ts'
import type { ResponseMode } from '../../src/authorize/response-modes/mode.ts'
import { responseModeFor } from '../../src/authorize/response-modes/registry.ts'
import { findClientOrAskSource } from '../../src/clients/lookup.ts'
import type { AppEnv } from '../../src/context.ts'
import type { UrlParameters } from '../../src/http/location.ts'
import type { ClientRecord } from '../../src/store/types.ts'
import { Deployment, ISSUER } from '../support/deployment.ts'
import { authorizationPath, REDIRECT_URI, registerClient, type TestClient } from '../support/relying-party.ts'
import { requestContext } from '../support/request-context.ts'

const deployment = new Deployment()
const ctx = requestContext(deployment.env)
let known: TestClient
let client: ClientRecord

beforeAll(async () => {
  known = await registerClient(deployment, { response_types: ['code', 'code id_token'] })
  const found = await findClientOrAskSource(ctx.rt, known.id)
  if (found === undefined) throw new Error('the client is not there')
  client = found
})

/** Shows what it was given, and adds nothing. */
const planted: ResponseMode = {
  name: 'pigeon',
  fits: (responseTypes) => !responseTypes.includes('code'),
  send: (c, { redirectUri }, answer) => c.json({ redirectUri, answer }),
}

const target = (changes: Partial<Target> = {}): Target => ({
  client,
  redirectUri: REDIRECT_URI,
  responseMode: planted,
  responseTypes: ['code'],
  state: 'state-of-the-client',
  openid: true,
  ...changes,
})

async function sent(to: Target, parameters: UrlParameters) {
  const response = await new Hono<AppEnv>()
    .use(async (c, next) => {
      c.set('ctx', ctx)
      await next()
    })
    .get('/', (c) => respondToClient(c, to, parameters))
    .request('/')
  return response.json<{ redirectUri: string; answer: Record<string, string> }>()
}

describe('a response mode that adds nothing', () => {
  it.each([
    ['a code', { code: 'c' }],
    ['an error', { error: 'access_denied', error_description: 'no' }],
  ])('sends %s with iss, state and session_state', async (_what, parameters) => {
    const { answer } = await sent(target(), parameters)
    expect(answer).toEqual({
      ...parameters,
      iss: ISSUER,
      state: 'state-of-the-client',
      session_state: expect.stringMatching(/^[0-9a-f]{64}\./),
    })
  })

  it('is given a redirect URI without a word of another answer', async () => {
    const { redirectUri } = await sent(
      target({ redirectUri: `${REDIRECT_URI}?a=1&iss=x&state=y&error=z` }),
      {},
    )
    expect(redirectUri).toBe(`${REDIRECT_URI}?a=1`)
  })

  it('gets no answer that does not fit it', async () => {
    const path = authorizationPath(known)
    const { request } = { request: undefined, ...(await validate(ctx, path.slice(path.indexOf('?') + 1))) }
    if (request === undefined) throw new Error('the request was refused')
    const asked: AuthorizationRequest = { ...request, ...target() }
    expect(() => checkResponseType({ ...asked, responseMode: planted })).toThrow(
      expect.objectContaining({ reason: 'response_mode_unfit' }),
    )
  })
})

describe('a request without response_mode', () => {
  it.each([
    [['code'], 'query'],
    [['token'], 'fragment'],
    [['code', 'id_token'], 'fragment'],
  ])('for %s is answered in the %s', (responseTypes, name) => {
    expect(responseModeFor(undefined, responseTypes)?.name).toBe(name)
  })
})
