import { expect, it } from 'vitest'
import {
  checkRefused,
  cleanUp,
  configuration,
  register,
  registrationOf,
  requestRegistration,
  SUITE,
} from '../../../support/certification/suite.ts'
import { bodyOf } from '../../../support/deployment.ts'
import { variantsOf } from './plans.ts'

cleanUp()

it.each(variantsOf('oidcc-3rd_party-init-login'))(
  'oidcc-3rd_party-init-login: initiate_login_uri is kept, and told again by the configuration endpoint',
  async (variant) => {
    const uri = { initiate_login_uri: `${SUITE}/initiate_login` }
    const client = await register(variant, uri)
    expect(client.registration).toMatchObject(uri)
    const response = await configuration(client)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await bodyOf(response)).toMatchObject({ client_id: client.id, ...uri })
    expect((await configuration(client, 'DELETE')).status).toBe(204)
    expect((await configuration(client)).status).toBe(401)
  },
)

it.each(variantsOf('oidcc-3rd_party-init-login-nohttps'))(
  'oidcc-3rd_party-init-login-nohttps: an initiate_login_uri that is not https is refused',
  async (variant) => {
    const body = await registrationOf(variant)
    const uri = { initiate_login_uri: `${SUITE.replace('https', 'http')}/initiate_login` }
    const response = await requestRegistration({ ...body, ...uri })
    await checkRefused(response, 'invalid_client_metadata')
  },
)
