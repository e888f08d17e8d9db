import { DurableObject } from 'cloudflare:workers'
import type { Env } from '../env.ts'
import { logLine } from '../http/log.ts'
import { nowMs } from '../util/clock.ts'
import { fewAtATime } from '../util/few-at-a-time.ts'
import { Alarm, PAUSE_MS } from './alarm.ts'
import { getBlob, putBlob } from './blobs.ts'
import { Ledgers } from './client.ts'
import { countGrants, listGrants } from './consents.ts'
import { Callers, findDevice, mayGuess, openDevice, pollDevice, settleDevice } from './device.ts'
import { bindSession, owners, unbindSessions } from './directory.ts'
import { endSessions } from './end-sessions.ts'
import { commitGrant, inspect } from './grants.ts'
import { nextNotice, settleNotices, takeDueNotices } from './notices.ts'
import { redeem } from './redeem.ts'
import { refresh } from './refresh.ts'
import { revokeGrant, revokeGrants } from './revocation.ts'
import { Tables } from './schema.ts'
import { login, readSession } from './sessions.ts'
import { isSpent, spend } from './spent.ts'
import { sweep } from './sweep.ts'
import type * as Types from './types.ts'
import type { Work } from './work.ts'

/**
 * The ledger of one owner: whatever must never happen twice happens in one synchronous method here, which is one
 * SQLite transaction (design rules 2 and 3). What the methods mean stands in types.ts, what they store in schema.ts.
 */
export class Ledger extends DurableObject<Env> implements Types.LedgerMethods {
  readonly #tables: Tables
  readonly #alarm: Alarm
  readonly #callers = new Callers()

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#tables = new Tables(ctx.storage.sql)
    this.#alarm = new Alarm(ctx.storage)
    if (this.#tables.all().length > 0) ctx.storage.transactionSync(() => this.#tables.upgrade())
    void ctx.blockConcurrencyWhile(() => this.#alarm.load())
  }

  ping(_input: null): 'ok' {
    return 'ok'
  }

  session(input: { readonly sid: string }): Types.SessionView | null {
    return readSession(this.#work(), input.sid)
  }

  login(input: Types.LoginInput): Types.LoginResult {
    return this.#change((work) => login(work, input))
  }

  endSessions(input: Types.EndSessionsInput): Types.EndedSessions {
    return this.#change((work) => endSessions(work, input))
  }

  settleNotices(input: { readonly ids: readonly string[] }): null {
    this.#change((work) => settleNotices(work, input.ids))
    return null
  }

  grant(input: Types.GrantInput): Types.GrantResult {
    return this.#change((work) => commitGrant(work, input))
  }

  redeem(input: Types.RedeemInput): Types.RedeemResult {
    return this.#change((work) => redeem(work, input))
  }

  refresh(input: Types.RefreshInput): Types.RefreshResult {
    return this.#change((work) => refresh(work, input))
  }

  inspect(input: Types.InspectInput): Types.StoredGrant | null {
    return inspect(this.#work(), input)
  }

  listGrants(input: Types.ListGrantsInput): readonly Types.StoredGrant[] {
    return listGrants(this.#work(), input)
  }

  countGrants(input: { readonly sid: string | null }): number {
    return countGrants(this.#work(), input.sid)
  }

  revokeGrant(input: Types.RevokeGrantInput): { readonly revoked: boolean } {
    return this.#change((work) => revokeGrant(work, input))
  }

  revokeGrants(input: Types.RevokeGrantsInput): { readonly revoked: readonly string[] } {
    return this.#change((work) => revokeGrants(work, input))
  }

  spend(input: Types.SpendInput): { readonly first: boolean } {
    return this.#change((work) => spend(work, input))
  }

  isSpent(input: { readonly id: string }): boolean {
    return isSpent(this.#work(), input.id)
  }

  bindSession(input: Types.DirectoryEntry): { readonly owner: string } {
    return this.#change((work) => ({ owner: bindSession(work, input) }))
  }

  unbindSessions(input: { readonly sids: readonly string[] }): null {
    this.#change((work) => unbindSessions(work, input.sids))
    return null
  }

  owners(input: { readonly prefix: string }): readonly Types.DirectoryEntry[] {
    return owners(this.#work(), input.prefix)
  }

  putBlob(input: Types.BlobInput): null {
    this.#change((work) => putBlob(work, input))
    return null
  }

  getBlob(input: { readonly id: string }): string | null {
    return getBlob(this.#work(), input.id)
  }

  openDevice(input: Types.DeviceInput): { readonly opened: boolean } {
    return this.#change((work) => openDevice(work, input))
  }

  findDevice(_input: null): Types.DeviceRequestView | null {
    return findDevice(this.#work())
  }

  pollDevice(input: Types.PollInput): Types.PollResult {
    return pollDevice(this.#work(), this.#callers, input)
  }

  settleDevice(input: Types.SettleInput): Types.SettleResult {
    return this.#change((work) => settleDevice(work, input))
  }

  guess(input: { readonly attempt: string }): boolean {
    return this.#change((work) => mayGuess(work, input.attempt))
  }

  /** Tells a client that a session ended; whether that is settled. Given by the Worker, which knows clients and keys. */
  protected deliver(_notice: Types.Notice): Promise<boolean> {
    return Promise.resolve(false)
  }

  /** Makes the tries that are due, and deletes what expired. Never throws: the next run is set before anything can fail. */
  override async alarm(): Promise<void> {
    const started = nowMs()
    this.#alarm.fired()
    const parts = {
      storage: this.ctx.storage,
      tables: this.#tables,
      alarm: this.#alarm,
      ledgers: new Ledgers(this.env.LEDGER),
    }
    try {
      await this.#deliverDue()
      await sweep(parts, started)
      this.#alarm.noLaterThan(nextNotice(parts.tables), 'notice')
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.name : typeof thrown
      logLine('ledger.sweep_failed', { error })
      this.#alarm.noLaterThanMs(started + PAUSE_MS)
    }
  }

  async #deliverDue(): Promise<void> {
    if (!this.#tables.has('notices')) return
    const due = this.#change(takeDueNotices)
    const settled = await fewAtATime(due, (notice) => this.deliver(notice))
    const ids = due.filter((_, index) => settled[index] === true).map(({ id }) => id)
    if (ids.length > 0) this.#change((work) => settleNotices(work, ids))
  }

  #work(): Work {
    const at = nowMs()
    const work: Work = {
      sql: this.ctx.storage.sql,
      tables: this.#tables,
      now: Math.floor(at / 1000),
      nowMs: at,
      wake: (expires, what = 'row') => this.#alarm.noLaterThan(expires, what),
    }
    this.#alarm.check(work, at)
    return work
  }

  #change<T>(run: (work: Work) => T): T {
    const work = this.#work()
    try {
      return this.#alarm.during(() => this.ctx.storage.transactionSync(() => run(work)))
    } catch (thrown) {
      this.#tables.reload()
      throw thrown
    }
  }
}
