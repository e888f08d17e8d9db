import { runInDurableObject } from 'cloudflare:test'
import { vi } from 'vitest'
import type { Env } from '../../src/env.ts'
import { Ledgers } from '../../src/ledger/client.ts'
import { resolved } from '../../src/ledger/layout.ts'
import { grantIdFor, type Owner, ownerOf } from '../../src/ledger/owner.ts'
import type { GrantRecord, Input, LedgerMethod, Output, StoredGrant } from '../../src/ledger/types.ts'
import { type Milliseconds, milliseconds, nowSeconds, type Seconds } from '../../src/util/clock.ts'
import { type ClientId, type GrantId, type Sid, sidOf } from '../../src/util/ids.ts'
import { testEnv } from '../support/bindings.ts'

export const DAY = 86_400
export const FLOW = 1800

let attempts = 0
/** A request id that no other request has. */
export const newAttempt = (): string => `attempt-${++attempts}`

export const seconds = nowSeconds

/** How far ahead of the machine's clock a stopped one is, ms. */
const AHEAD_MS = 3_600_000

/**
 * Stops the clock, and from then on only `advance` moves it. It is ahead of the machine's, by which the platform fires
 * alarms: one that is due at once would else fire by itself, somewhere between the steps of a test.
 */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil((Date.now() + AHEAD_MS) / 1000) * 1000 })
}

export function advance(by: number): void {
  vi.setSystemTime(Date.now() + by * 1000)
}

/** An input as a test writes it: texts and numbers that the compiler does not tell apart. */
type Plain<T> = T extends Seconds | Milliseconds
  ? number
  : T extends Sid | GrantId | ClientId | Owner
    ? string
    : T extends readonly (infer Item)[]
      ? readonly Plain<Item>[]
      : T extends object
        ? { readonly [K in keyof T]: Plain<T[K]> }
        : T

/** What a ledger's method is given, written plainly. */
export type PlainInput<M extends LedgerMethod> = Plain<Input<M>>

/** Takes an input for what it is meant as. */
export function asMeant<M extends LedgerMethod>(input: PlainInput<M>): Input<M>
export function asMeant(input: unknown): unknown {
  return input
}

/** Calls a method of an owner's ledger. */
export const callLedger = <M extends LedgerMethod>(
  env: Env,
  owner: Owner,
  method: M,
  input: PlainInput<M>,
): Promise<Output<M>> => new Ledgers(env.LEDGER, milliseconds(25_000)).call(owner, method, asMeant<M>(input))

type Over<T> = { readonly [K in keyof T]?: T[K] }
type PlainLogin = PlainInput<'login'>
type PlainRecord = Plain<GrantRecord>
type PlainGrant = PlainInput<'grant'>
type PlainRedeem = PlainInput<'redeem'>
type PlainRefresh = PlainInput<'refresh'>

/** One subject with its ledger, and inputs that fit together; every test has its own. */
export class Subject {
  readonly name = crypto.randomUUID()
  readonly owner = ownerOf('subject', this.name, 'none')
  readonly sid = sidOf(crypto.randomUUID())
  readonly id = grantIdFor(this.sid)
  readonly stub = testEnv().LEDGER.getByName(this.owner)
  readonly #env: Env

  constructor(env: Env = testEnv()) {
    this.#env = env
  }

  call<M extends LedgerMethod>(method: M, input: PlainInput<M>, env = this.#env): Promise<Output<M>> {
    return callLedger(env, this.owner, method, input)
  }

  loginInput(over: Over<PlainLogin> = {}): PlainLogin {
    return {
      attempt: newAttempt(),
      sid: this.sid,
      subject: this.name,
      clientId: 'app',
      instance: 'instance-1',
      epoch: 0,
      authTime: seconds(),
      remember: true,
      skip: false,
      expiresAt: seconds() + 30 * DAY,
      flowExpiresAt: seconds() + FLOW,
      replaces: null,
      ...over,
    }
  }

  record(over: Over<PlainRecord> = {}): PlainRecord {
    return {
      subject: this.name,
      clientId: 'app',
      instance: 'instance-1',
      sid: this.sid,
      query: 'client_id=app&scope=openid',
      requestedAt: seconds(),
      authTime: seconds(),
      scope: ['openid', 'offline'],
      audience: [],
      requestedScope: ['openid', 'offline'],
      requestedAudience: [],
      nonce: null,
      acr: '0',
      amr: [],
      remember: false,
      rememberFor: 0,
      handledAt: seconds(),
      accessTokenClaims: { plan: 'gold' },
      idTokenClaims: {},
      context: null,
      ...over,
    }
  }

  grantInput(
    over: Over<Omit<PlainGrant, 'record'>> & { readonly record?: Over<PlainRecord> } = {},
  ): PlainGrant {
    const { record, ...rest } = over
    return {
      attempt: newAttempt(),
      id: this.id,
      record: this.record(record),
      epoch: 0,
      digest: 'yes',
      restsOn: null,
      consentExpiresAt: null,
      codeLifetime: 600,
      tokenLifetime: 0,
      notify: false,
      flowExpiresAt: seconds() + FLOW,
      ...rest,
    }
  }

  redeemInput(over: Over<PlainRedeem> = {}): PlainRedeem {
    return { attempt: newAttempt(), id: this.id, clientId: 'app', epoch: 0, keepSeconds: 30 * DAY, ...over }
  }

  refreshInput(generation: number, over: Over<PlainRefresh> = {}): PlainRefresh {
    return {
      attempt: newAttempt(),
      id: this.id,
      clientId: 'app',
      generation,
      grace: { seconds: 60, uses: 0 },
      limits: { scope: ['openid', 'offline', 'offline_access'], audience: [], strategy: 'exact' },
      keepSeconds: 30 * DAY,
      ...over,
    }
  }

  inspect(generation: number, grace = 60, use: 'access_token' | 'refresh_token' = 'access_token', uses = 0) {
    return this.call('inspect', { id: this.id, generation, grace: { seconds: grace, uses }, use })
  }

  list(): Promise<readonly StoredGrant[]> {
    return this.call('listGrants', { sid: null, after: null, limit: 100 })
  }

  /** Logs in and consents: a code is out. */
  async consented(
    login: Over<PlainLogin> = {},
    grant: Parameters<Subject['grantInput']>[0] = {},
  ): Promise<void> {
    await this.call('login', this.loginInput(login))
    await this.call('grant', this.grantInput(grant))
  }

  /** Logs in, consents and redeems: tokens of generation 1 are out. */
  async issued(
    login: Over<PlainLogin> = {},
    grant: Parameters<Subject['grantInput']>[0] = {},
  ): Promise<void> {
    await this.consented(login, grant)
    await this.call('redeem', this.redeemInput())
  }

  /** Names of the tables in this ledger's database. */
  tables(): Promise<readonly string[]> {
    return tablesOf(this.stub)
  }

  /** All rows of a table. */
  rows(table: string): Promise<readonly Record<string, SqlStorageValue>[]> {
    return runInDurableObject(this.stub, (_ledger, state) =>
      state.storage.sql.exec(resolved(`SELECT * FROM ${table}`)).toArray(),
    )
  }

  alarm(): Promise<number | null> {
    return runInDurableObject(this.stub, (_ledger, state) => state.storage.getAlarm())
  }
}

/** Names of the tables that an object made for itself; the platform's own start with an underscore. */
export function tablesOf(stub: Subject['stub']): Promise<readonly string[]> {
  return runInDurableObject(stub, (_ledger, state) => {
    const rows = state.storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray()
    return rows.map((row) => row.name).filter((name) => !name.startsWith('_'))
  })
}
