import { beforeAll, describe, expect, it } from 'vitest'
import { unpack } from '../../src/authorize/request-source/read.ts'
import type { CarriedSource } from '../../src/authorize/request-source/source.ts'
import type { JsonObject } from '../../src/util/json.ts'
import { Deployment } from '../support/deployment.ts'
import { authorizationPath, registerClient, type TestClient } from '../support/relying-party.ts'
import { requestContext } from '../support/request-context.ts'

const deployment = new Deployment()
const ctx = requestContext(deployment.env)
let client: TestClient

beforeAll(async () => {
  client = await registerClient(deployment)
})

const queryWith = (changes: Readonly<Record<string, string>>): string => {
  const path = authorizationPath(client, changes)
  return path.slice(path.indexOf('?') + 1)
}

/** A source that hands over whatever it finds; it says how often it was asked for its proof. */
function careless(members: JsonObject) {
  const proofs: string[] = []
  const source: CarriedSource = {
    parameter: 'request_uri',
    takes: (value) => value.startsWith('urn:example:'),
    open: async (_ctx, _client, value) => ({
      members,
      prove: async () => {
        proofs.push(value)
        return { signed: true }
      },
    }),
  }
  return { source, proofs }
}

const REFERENCE = { request_uri: 'urn:example:1' }

const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`member${at}`, 'x']))

const deep = JSON.parse(`${'{"claims":'.repeat(20)}1${'}'.repeat(20)}`)

describe('a request source that looks at nothing', () => {
  it.each<[string, JsonObject]>([
    ['more members than a request has parameters', many],
    ['what nests too deep', deep],
    ['another request object', { request: 'e30.e30.' }],
    ['another reference', { request_uri: 'https://app.example/more' }],
  ])('has %s refused before any proof', async (_what, members) => {
    const { source, proofs } = careless(members)
    await expect(unpack(ctx, queryWith(REFERENCE), [source])).rejects.toMatchObject({
      code: 'invalid_request_object',
      reason: 'request_object_unusable',
    })
    expect(proofs).toEqual([])
  })

  it('brings known parameters, once it is proven, and nothing else', async () => {
    const { source, proofs } = careless({
      state: 'of-the-source',
      login_verifier: 'x',
      theme: 'dark',
      iss: 'me',
    })
    const unpacked = await unpack(ctx, queryWith(REFERENCE), [source])
    const query = new URLSearchParams(unpacked.query)
    expect(unpacked.signed).toBe(true)
    expect(proofs).toEqual([REFERENCE.request_uri])
    expect(query.get('state')).toBe('of-the-source')
    expect(['login_verifier', 'theme', 'iss', 'request_uri'].filter((name) => query.has(name))).toEqual([])
  })

  it.each(['client_id', 'response_type'])('does not change the %s of the request', async (name) => {
    const { source } = careless({ [name]: 'other' })
    await expect(unpack(ctx, queryWith(REFERENCE), [source])).rejects.toMatchObject({
      reason: 'request_object_unusable',
      facts: { problem: expect.stringContaining(`'${name}'`) },
    })
  })

  it('is not asked for what it does not take', async () => {
    const { source } = careless({})
    await expect(unpack(ctx, queryWith({ request_uri: 'urn:other:1' }), [source])).rejects.toMatchObject({
      code: 'invalid_request_uri',
      reason: 'request_uri_unregistered',
    })
  })

  it('stands alone: two sources exclude each other', async () => {
    const { source } = careless({})
    await expect(
      unpack(ctx, queryWith({ ...REFERENCE, request: 'e30.e30.' }), [source]),
    ).rejects.toMatchObject({ reason: 'parameters_conflict' })
  })
})
