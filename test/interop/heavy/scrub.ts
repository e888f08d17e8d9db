/** Values that stand for what only the server that made them knows, or that differ at each run. */
const STAND_INS: Readonly<Record<string, string>> = {
  access_token: 'an-access-token',
  refresh_token: 'a-refresh-token',
  // {"alg":"RS256"}, {"sub":"foo@bar.com"}
  id_token: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJmb29AYmFyLmNvbSJ9.c2lnbmF0dXJl',
  device_code: 'a-device-code',
  client_secret: 'a-client-secret',
  registration_access_token: 'a-registration-token',
  challenge: 'a-challenge',
  login_challenge: 'a-login-challenge',
  redirect_to: 'https://op.example/oauth2/auth?login_verifier=a-verifier',
  request_url: 'https://op.example/oauth2/auth?client_id=a-client',
  // Members of private keys.
  d: 'AQ',
  p: 'AQ',
  q: 'AQ',
  dp: 'AQ',
  dq: 'AQ',
  qi: 'AQ',
}

/** A document with its shape as it was, at the issuer `https://op.example`, and without a secret in it. */
export function scrubbed(text: string, base: string): unknown {
  return JSON.parse(text.replaceAll(base, 'https://op.example'), (name, value) =>
    typeof value === 'string' ? (STAND_INS[name] ?? value) : value,
  )
}
