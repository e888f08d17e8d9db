import type { Facts } from './reasons.ts'

/** What whoever left out a parameter or field is told to send. Made when somebody does: an isolate starts without. */
const wanted = (): Readonly<Record<string, string>> => ({
  assertion: 'a JWT of an issuer that is trusted here',
  client: 'the id of a client',
  client_assertion: "a JWT that the client's key signed",
  client_id: 'the id of the client, as it is registered',
  code: 'the code that came to the redirect URI',
  consent_challenge: 'the one in the address that your consent page was opened with',
  device_challenge: 'the one in the address that your device page was opened with',
  device_code: 'the device code of the first answer',
  kid: 'the id of a key; without a slash at the end the whole set is meant',
  login_challenge: 'the one in the address that your login page was opened with',
  logout_challenge: 'the one in the address that your logout page was opened with',
  nonce: 'a random text, a new one for each request',
  refresh_token: 'the newest refresh token',
  sid: 'the id of a session',
  subject: 'the id of the user',
  text: 'what is to be explained: a token, a code, a challenge or a URL',
  user_code: 'the code that the device shows',
})

/** Returns the facts of the reason `parameter_missing`. */
export const noParameter = (parameter: string, expected = wanted()[parameter] ?? 'it'): Facts => ({
  parameter,
  expected,
})

/** Returns the facts of the reason `field_missing`. */
export const noField = (field: string): Facts => ({ field, expected: wanted()[field] ?? 'it' })
