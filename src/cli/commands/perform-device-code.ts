import { setTimeout as pause } from 'node:timers/promises'
import type { JsonObject } from '../../util/json.ts'
import { defineCommand } from '../command.ts'
import { type Credentials, credentialFlags, credentialsOf, sendAs } from '../credentials.ts'
import { refused } from '../failure.ts'
import { list, text } from '../flags.ts'
import { plain } from '../plain.ts'
import type { Server } from '../server.ts'
import { textOf } from './client-view.ts'
import { showTokens } from './token-view.ts'

/** What a device asks about until its user has decided (RFC 8628 section 3.5). */
const WAIT = ['authorization_pending', 'slow_down'] as const
const DEFAULT_INTERVAL_SECONDS = 5

export const performDeviceCode = defineCommand({
  name: 'perform device-code',
  about: 'Log in as a device without a browser does: show a code, wait for its user, show the tokens.',
  flags: {
    ...credentialFlags,
    scope: list('What is asked for; offline,openid without it.', 'SCOPE'),
    audience: list('For whom the token is to be.'),
    'device-auth-url': text('Another device authorization endpoint.', 'URL'),
    'token-url': text('Another token endpoint.', 'URL'),
  },
  examples: ['ladon perform device-code --client-id my-tv'],
  async run(call) {
    const { flags, terminal } = call
    const credentials = await credentialsOf(call)
    const server = call.server()
    const form = {
      scope: (flags.scope ?? ['offline', 'openid']).join(' '),
      ...(flags.audience !== undefined && { audience: flags.audience.join(' ') }),
    }
    const device = await sendAs(server, credentials, {
      path: flags['device-auth-url'] ?? '/oauth2/device/auth',
      form,
    })
    const address = textOf(device['verification_uri_complete']) || textOf(device['verification_uri'])
    terminal.err(
      `Log in at this address:\n\n  ${plain(address)}\n\nThe code there is ${plain(textOf(device['user_code']))}\n`,
    )
    return showTokens(await poll(server, credentials, device, flags['token-url'] ?? '/oauth2/token'))
  },
})

async function poll(
  server: Server,
  credentials: Credentials,
  device: JsonObject,
  path: string,
): Promise<JsonObject> {
  const ends = Date.now() + numberOf(device['expires_in'], 600) * 1000
  let seconds = numberOf(device['interval'], DEFAULT_INTERVAL_SECONDS)
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: textOf(device['device_code']),
  }
  while (Date.now() < ends) {
    await pause(seconds * 1000)
    const answer = await sendAs(server, credentials, { path, form }, WAIT)
    if (answer['error'] === undefined) return answer
    if (answer['error'] === 'slow_down') seconds += 5
  }
  throw refused('The code has expired before anybody logged in.', { fix: 'Begin again.' })
}

const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise
