import { fromBase64url, toBase64url } from '../util/base64url.ts'
import { deriveKey } from '../util/digest.ts'
import { type AeadParameters, aeadOpen, aeadSeal, NONCE_BYTES } from './aead.ts'
import { MacKey } from './mac-key.ts'
import { ROOT_KEY_BYTES } from './root-key.ts'

/** The format of the sealed text: `1.` and the base64url of nonce and box. */
const FORMAT = '1'

/** Seals root keys under one system secret (design section 5). */
export class RootKeySeal {
  readonly #key: MacKey

  constructor(secret: string) {
    this.#key = new MacKey(deriveKey(secret, `ladon root-key-seal ${FORMAT}`))
  }

  /** Seals a root key and binds it to its id. */
  async seal(id: string, key: Uint8Array): Promise<string> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
    const box = await aeadSeal(this.#parameters(id, nonce), key)
    return `${FORMAT}.${toBase64url(new Uint8Array([...nonce, ...box]))}`
  }

  /** Opens a sealed root key; `undefined` if it was sealed under another secret or for another id, or is damaged. */
  async open(id: string, sealed: string): Promise<Uint8Array | undefined> {
    const [format, text, ...rest] = sealed.split('.')
    if (format !== FORMAT || text === undefined || rest.length > 0) return undefined
    const bytes = fromBase64url(text)
    if (bytes === undefined || bytes.byteLength <= NONCE_BYTES) return undefined
    const nonce = bytes.subarray(0, NONCE_BYTES)
    const key = await aeadOpen(this.#parameters(id, nonce), bytes.subarray(NONCE_BYTES))
    return key?.byteLength === ROOT_KEY_BYTES ? key : undefined
  }

  #parameters(id: string, nonce: Uint8Array): AeadParameters {
    return { key: this.#key, nonce, associated: new TextEncoder().encode(`${FORMAT} ${id}`) }
  }
}
