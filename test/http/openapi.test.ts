import { describe, expect, it } from 'vitest'
import document from '../../src/assets/openapi.json'
import { openApiOf, spellings } from '../../src/endpoints/openapi.ts'
import { HYDRA_OPERATIONS } from '../../src/endpoints/operations.ts'
import { Deployment, testEnv } from '../support/deployment.ts'
import { endpoints } from '../support/endpoints.ts'
import { unfit } from '../support/openapi.ts'
import { unfitRequest } from '../support/openapi-request.ts'
import hydra from '../support/shapes/hydra-26.2.json'

const paths: Readonly<Record<string, object>> = document.paths
const named = Object.entries(paths).flatMap(([path, item]) =>
  Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
)
const operationAt = (call: string): unknown => {
  const [method = '', path = ''] = call.split(' ')
  return Reflect.get(paths[path] ?? {}, method.toLowerCase())
}

describe('the OpenAPI document', () => {
  it('has every route of the table, and no other', () => {
    const routes = endpoints.flatMap(({ path, methods }) =>
      spellings(path).flatMap((spelled) => methods.map((method) => `${method} ${spelled}`)),
    )
    expect(routes.filter((route) => !named.includes(route))).toEqual([])
    // Documented without the prefix of the admin API too (contract 1.2).
    const also = ['GET /version', 'POST /oauth2/introspect']
    expect(named.filter((route) => !routes.includes(route)).toSorted()).toEqual(also)
  })

  it.each(Object.keys(hydra.operations))("has Hydra's operation under Hydra's name: %s", (call) => {
    expect(HYDRA_OPERATIONS[call]).toEqual(expect.any(String))
    expect(operationAt(call)).toMatchObject({ operationId: HYDRA_OPERATIONS[call] })
  })

  it('knows no operation that Hydra does not have', () => {
    expect(Object.keys(HYDRA_OPERATIONS).toSorted()).toEqual(Object.keys(hydra.operations).toSorted())
  })

  it('tells what the token endpoint takes and gives', () => {
    const error = { $ref: '#/components/schemas/error' }
    expect(operationAt('POST /oauth2/token')).toMatchObject({
      requestBody: {
        content: { 'application/x-www-form-urlencoded': { schema: { required: ['grant_type'] } } },
      },
      responses: {
        200: {
          content: { 'application/json': { schema: { $ref: '#/components/schemas/oAuth2TokenExchange' } } },
        },
        401: { content: { 'application/json': { schema: error } } },
        default: { content: { 'application/json': { schema: error } } },
      },
    })
  })

  it('shows a client by the table of its fields', () => {
    expect(openApiOf(endpoints, '1')).toMatchObject({
      components: {
        schemas: {
          client: { properties: { client_id: { type: 'string' }, redirect_uris: { type: 'array' } } },
        },
      },
    })
  })

  it('reads what a handler reads: its own schema', () => {
    expect(operationAt('PUT /admin/oauth2/auth/requests/login/accept')).toMatchObject({
      requestBody: {
        content: {
          'application/json': {
            schema: {
              properties: {
                subject: { type: ['string', 'null'] },
                remember: { type: ['boolean', 'null'] },
                remember_for: { type: ['integer', 'null'] },
                amr: { type: ['array', 'null'] },
              },
            },
          },
        },
      },
    })
  })
})

describe('an answer that leaves the document is found', () => {
  it.each<readonly [string, string, number, unknown, RegExp | undefined]>([
    ['GET', '/admin/version', 200, { version: 'v1' }, undefined],
    ['GET', '/admin/version', 200, { version: 1 }, /type/i],
    ['GET', '/admin/version', 200, {}, /version/],
    ['GET', '/admin/version', 418, { error: 'a', error_description: 'b' }, undefined],
    ['GET', '/admin/version', 418, { error: 'a' }, /error_description/],
    ['GET', '/admin/version', 201, { version: 'v1' }, /not in the document/],
    ['GET', '/admin/clients/x', 200, { redirect_uris: 'no list' }, /type/i],
    ['DELETE', '/admin/clients/x', 204, {}, /no JSON there/],
    ['GET', '/nowhere', 200, {}, undefined],
  ])('%s %s %d %j', (method, path, status, body, fault) => {
    const found = unfit(method, path, status, body)
    if (fault === undefined) expect(found).toBeUndefined()
    else expect(found).toMatch(fault)
  })
})

describe('a request that leaves the document is found', () => {
  const RESOURCES = 'grant_type=x&resource=https://a.example/&resource=https://b.example/'

  it.each<readonly [string, string, string | undefined, RegExp | undefined]>([
    ['POST', '/oauth2/token', 'grant_type=x', undefined],
    ['POST', '/oauth2/token', 'grant_type=x&scope=', undefined],
    ['POST', '/oauth2/token', RESOURCES, undefined],
    ['POST', '/oauth2/token', 'code=x', /grant_type/],
    ['POST', '/oauth2/token', 'grant_type=x&code=y&code=z', /code.*type/i],
    ['GET', '/admin/clients?page_size=5&limit=', undefined, undefined],
    ['GET', '/admin/clients?page_size=many', undefined, /page_size.*type/i],
    ['GET', '/admin/clients?subject=x', undefined, /no parameter subject/],
    ['GET', '/admin/clients?colour=x', undefined, undefined],
    ['POST', '/admin/clients?strict=true', '{"client_name":null,"client_name#de":"x"}', undefined],
    ['POST', '/admin/clients', '{"redirect_uris":"no list"}', /redirect_uris.*type/i],
    ['POST', '/admin/registration/initial-access-tokens', '{"use":1}', /use/],
    ['PUT', '/admin/oauth2/auth/requests/login/accept', '{"subject":1}', /subject.*type/i],
    ['GET', '/nowhere?x=1', undefined, undefined],
  ])('%s %s with %s', (method, path, body, fault) => {
    const found = unfitRequest({ method, url: new URL(path, 'https://op.example'), body })
    if (fault === undefined) expect(found).toBeUndefined()
    else expect(found).toMatch(fault)
  })
})

describe('GET /openapi.json', () => {
  it('is the document, for a minute', async () => {
    const response = await new Deployment().fetch('/openapi.json')
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toMatch(/^public, max-age=30/)
    expect(await response.json()).toEqual(document)
  })

  it.each([
    ['DOCS is off', { DOCS: 'off' }],
    ['nothing was uploaded', { ASSETS: undefined }],
  ])('is not there while %s', async (_why, settings) => {
    expect((await new Deployment(testEnv(settings)).fetch('/openapi.json')).status).toBe(404)
  })
})
