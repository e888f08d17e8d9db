import { approve, registerDeviceClient, startDevice } from '../../support/device.ts'
import { logIn, refresh, registerClient, type TestClient, tokenRequest } from '../../support/relying-party.ts'
import { makePen, WRITERS } from '../harness/facts.ts'
import type { Isolate } from '../harness/isolate.ts'

/** Sends the next request, or requests, of one kind. Throws if the answer is not the one that belongs there. */
export type Step = () => Promise<void>

/** One kind of request. */
export interface Kind {
  readonly name: string
  /** Makes what one line of requests needs; lines run side by side. */
  prepare(at: Isolate): Promise<Step>
}

async function must(response: Response, status: number): Promise<Record<string, unknown>> {
  const text = await response.text()
  if (response.status !== status) throw new Error(`${response.status} ${text.slice(0, 300)}`)
  return text === '' ? {} : JSON.parse(text)
}

const somebody = (): string => `user-${crypto.randomUUID()}`
const CREDENTIALS = { grant_type: 'client_credentials' }

/** A token that looks like one of ours and was not made here: other bytes each time. */
const forged = (): string => {
  const random = (bytes: number): Buffer => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes)))
  const head = Buffer.concat([Buffer.from([1]), random(30)]).toString('base64url')
  return `ory_at_${head}.${random(120).toString('base64url')}`
}

async function everybody(at: Isolate, client: TestClient, subject: () => string): Promise<Step> {
  return async () => {
    await logIn(at, client, { login: { subject: subject() } })
  }
}

/** The kinds of requests, each of which has a constant working set but for those that say what grows. */
export const KINDS: readonly Kind[] = [
  {
    name: 'client credentials',
    async prepare(at) {
      const client = await registerClient(at)
      return async () => void (await must(await tokenRequest(at, client, CREDENTIALS), 200))
    },
  },
  {
    name: 'introspection of one token',
    async prepare(at) {
      const { access_token } = await logIn(at, await registerClient(at), { login: { subject: somebody() } })
      return async () => {
        if (!(await at.isActive(access_token))) throw new Error('The token is inactive.')
      }
    },
  },
  {
    name: 'refreshes of one session',
    async prepare(at) {
      const client = await registerClient(at)
      let last = (await logIn(at, client, { login: { subject: somebody() } })).refresh_token
      return async () => {
        last = String((await must(await refresh(at, client, last), 200))['refresh_token'])
      }
    },
  },
  {
    name: 'forged tokens',
    prepare: async (at) => async () => {
      if (await at.isActive(forged())) throw new Error('A forged token is active.')
    },
  },
  {
    name: 'unknown clients',
    prepare: async (at) => async () => {
      const client = { id: crypto.randomUUID(), secret: 'wrong' }
      await must(await tokenRequest(at, client, CREDENTIALS), 401)
    },
  },
  {
    name: 'wrong secrets from new networks',
    async prepare(at) {
      const client = await registerClient(at)
      const number = (): number => crypto.getRandomValues(new Uint8Array(1))[0] ?? 0
      return async () => {
        const from = at.from(`10.${number()}.${number()}.${number()}`)
        await must(await tokenRequest(from, { ...client, secret: 'wrong' }, CREDENTIALS), 401)
      }
    },
  },
  {
    name: 'logins of one user',
    async prepare(at) {
      const subject = somebody()
      return everybody(at, await registerClient(at), () => subject)
    },
  },
  {
    name: 'logins of new users (an object each)',
    prepare: async (at) => everybody(at, await registerClient(at), somebody),
  },
  {
    name: 'new devices (an object each)',
    async prepare(at) {
      const client = await registerDeviceClient(at)
      return async () => void (await startDevice(at, client))
    },
  },
  {
    name: 'devices that are approved (two objects each)',
    async prepare(at) {
      const client = await registerDeviceClient(at)
      return async () => {
        await approve(at, await startDevice(at, client), { login: { subject: somebody() } })
      }
    },
  },
  {
    name: 'new clients (a row and a copy in KV each)',
    prepare: async (at) => async () => void (await registerClient(at)),
  },
  {
    name: 'what the soak writes',
    async prepare(at) {
      const pen = await makePen(at)
      let turn = 0
      return async () => {
        turn += 1
        await WRITERS[turn % WRITERS.length]?.(pen, () => {})
      }
    },
  },
]
