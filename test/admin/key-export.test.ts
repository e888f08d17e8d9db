import { expect, it } from 'vitest'
import { makeKey } from '../support/assertions.ts'
import { ADMIN_KEY, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'

const KEYS_ONLY = 'a-key-that-reads-public-keys'

const lines = new LogLines()
const deployment = new Deployment(
  testEnv({ ADMIN_API_KEYS: `ops@all:${ADMIN_KEY},reader@keys:${KEYS_ONLY}` }),
)
const exports = () => lines.of('audit').filter(({ event }) => event === 'key.exported')

it('has an audit line that names them, and a look at public ones has none', async () => {
  const set = `set-${crypto.randomUUID()}`
  const path = `/admin/keys/${set}`
  for (const kid of ['one', 'two']) await deployment.admin('POST', path, { alg: 'ES256', kid })
  await deployment.admin('PUT', `${path}/public`, (await makeKey('ES256', 'public')).publicJwk)
  lines.clear()

  const read = await deployment.fetch(path, { headers: { authorization: `Bearer ${KEYS_ONLY}` } })
  expect((await bodyOf(read))['keys']).toHaveLength(3)
  await deployment.admin('GET', `${path}/public`)
  expect(exports()).toEqual([])

  const exported = await bodyOf(await deployment.admin('GET', `${path}/one`))
  expect(exported['keys']).toMatchObject([{ kid: 'one', d: expect.any(String) }])
  await deployment.admin('GET', path)
  const line = { actor: 'key:ops', set }
  expect(exports()).toMatchObject([
    { ...line, kids: ['one'] },
    { ...line, kids: ['two', 'one'] },
  ])
})
