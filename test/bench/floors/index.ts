import { DurableObject } from 'cloudflare:workers'
import { Hono } from 'hono'

/** One object with one row to read, and one table to write to. */
export class Store extends DurableObject<object> {
  #next = 0

  constructor(state: DurableObjectState, env: object) {
    super(state, env)
    state.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
    )
    state.storage.sql.exec("INSERT OR REPLACE INTO rows VALUES ('known', 'value')")
  }

  read(): string {
    return String(this.ctx.storage.sql.exec("SELECT value FROM rows WHERE id = 'known'").one()['value'])
  }

  insert(): number {
    this.#next += 1
    this.ctx.storage.sql.exec('INSERT OR REPLACE INTO rows VALUES (?, ?)', `row ${this.#next}`, 'value')
    return this.#next
  }
}

interface Env {
  readonly STORE: DurableObjectNamespace<Store>
  readonly DB: D1Database
}

const ALGORITHMS = {
  es256: {
    make: { name: 'ECDSA', namedCurve: 'P-256' },
    sign: { name: 'ECDSA', hash: 'SHA-256' },
  },
  rs256: {
    make: {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    sign: { name: 'RSASSA-PKCS1-v1_5' },
  },
}

const keys = new Map<string, CryptoKey>()

/** What a JWT of some claims has under its signature. */
const CONTENT = new TextEncoder().encode('x'.repeat(300))

async function signature(algorithm: keyof typeof ALGORITHMS): Promise<number> {
  const { make, sign } = ALGORITHMS[algorithm]
  const key = keys.get(algorithm) ?? (await newKey(make))
  keys.set(algorithm, key)
  return (await crypto.subtle.sign(sign, key, CONTENT)).byteLength
}

async function newKey(make: SubtleCryptoGenerateKeyAlgorithm): Promise<CryptoKey> {
  const made = await crypto.subtle.generateKey(make, false, ['sign'])
  if (!('privateKey' in made)) throw new Error('no key pair')
  return made.privateKey
}

const store = ({ STORE }: Env) => STORE.get(STORE.idFromName('store'))

let hasRows = false
let inserted = 0

/** D1 with the same table and row. */
async function database({ DB }: Env): Promise<D1Database> {
  if (hasRows) return DB
  await DB.batch([
    DB.prepare('CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID'),
    DB.prepare("INSERT OR REPLACE INTO rows VALUES ('known', 'value')"),
  ])
  hasRows = true
  return DB
}

async function readRow(env: Env): Promise<unknown> {
  const statement = (await database(env)).prepare('SELECT value FROM rows WHERE id = ?')
  return (await statement.bind('known').first())?.['value']
}

async function insertRow(env: Env): Promise<boolean> {
  inserted += 1
  const statement = (await database(env)).prepare('INSERT OR REPLACE INTO rows VALUES (?, ?)')
  return (await statement.bind(`row ${inserted}`, 'value').run()).success
}

const app = new Hono<{ Bindings: Env }>()
  .get('/empty', (c) => c.json({ done: true }))
  .post('/form', async (c) => {
    const form = new URLSearchParams(await c.req.text())
    return c.json({ done: form.get('grant_type') === 'client_credentials' })
  })
  .get('/es256', async (c) => c.json({ done: (await signature('es256')) > 0 }))
  .get('/rs256', async (c) => c.json({ done: (await signature('rs256')) > 0 }))
  .get('/read', async (c) => c.json({ done: (await store(c.env).read()) === 'value' }))
  .post('/insert', async (c) => c.json({ done: (await store(c.env).insert()) > 0 }))
  .get('/d1_read', async (c) => c.json({ done: (await readRow(c.env)) === 'value' }))
  .post('/d1_insert', async (c) => c.json({ done: await insertRow(c.env) }))

export default app
