import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import { isJsonObject, type JsonObject } from '../../util/json.ts'
import { defineCommand, operand } from '../command.ts'
import { each } from '../each.ts'
import { usage } from '../failure.ts'
import { text } from '../flags.ts'
import { plain } from '../plain.ts'
import { textFrom } from './client-flags.ts'
import { objectsIn, textOf } from './client-view.ts'
import { keyPath } from './key-sets.ts'
import { publicKey, showKeys } from './key-view.ts'

export const keyImport = defineCommand({
  name: 'key import',
  aliases: ['import jwk', 'import jwks'],
  about: 'Put keys of PEM or JSON files into a set. Without a file the standard input is read.',
  more: 'A key that has no id gets its thumbprint (RFC 7638), so that the same key twice is one. If a key is refused, the others are imported.',
  operands: { shown: 'SET [FILE...]', least: 1, most: 100 },
  flags: {
    alg: text('The algorithm of keys that do not name theirs.', 'ALG'),
    use: text('sig (without it) or enc, for keys that do not name theirs.'),
  },
  examples: ['ladon key import my-set key.pem --alg RS256', 'cat jwk.json | ladon key import my-set'],
  async run(call) {
    const { flags, operands, server, terminal } = call
    const set = operand(call)
    const files = operands.length === 1 ? ['-'] : operands.slice(1)
    const read: JsonObject[] = []
    for (const file of files) read.push(...keysIn(await textFrom(file, call), file))
    const keys = read.map((key) => ({
      ...key,
      kid: textOf(key['kid']) || idFor(key),
      alg: textOf(key['alg']) || needed(flags.alg),
      use: textOf(key['use']) || (flags.use ?? 'sig'),
    }))
    const puts = keys.map((json) => ({ path: keyPath(set, json.kid), json }))
    const reached = server()
    const { done, exitCode } = await each(
      puts,
      terminal,
      ({ json }) => json.kid,
      async ({ path, json }): Promise<JsonObject> => ({
        set,
        ...(await reached.object(path, { method: 'PUT', json })),
      }),
    )
    const result = showKeys(done.map(publicKey), set, true)
    return exitCode === 0 ? result : { ...result, exitCode }
  },
})

/** The members that a key's thumbprint is made of, in their order (RFC 7638 section 3.2, RFC 8037 section 2). */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

/** An id for a key: its thumbprint, or for a secret, of which that would tell something, one that means nothing. */
function idFor(key: JsonObject): string {
  const names = REQUIRED[textOf(key['kty'])]
  if (names === undefined) return randomUUID()
  const members = Object.fromEntries(names.map((name) => [name, key[name]]))
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}

function needed(alg: string | undefined): string {
  if (alg === undefined) throw usage('The key does not name its algorithm.', 'Give it: --alg RS256')
  return alg
}

function keysIn(content: string, file: string): readonly JsonObject[] {
  const json = jsonOf(content)
  if (isJsonObject(json)) return Array.isArray(json['keys']) ? objectsIn(json['keys']) : [json]
  const jwk: unknown = keyIn(content, file).export({ format: 'jwk' })
  return objectsIn([jwk])
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}

function keyIn(content: string, file: string): KeyObject {
  for (const read of [createPrivateKey, createPublicKey]) {
    try {
      return read(content)
    } catch {
      // The next one may read it.
    }
  }
  throw usage(
    `${file === '-' ? 'The standard input' : plain(file)} holds no key in PEM or JSON that can be read.`,
  )
}
