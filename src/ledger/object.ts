import { DurableObject } from 'cloudflare:workers'
import type { Env } from '../env.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import { nowMs } from '../util/clock.ts'
import { mapConcurrent } from '../util/map-concurrent.ts'
import { type Alarm, alarmOf, PAUSE_MS } from './alarm.ts'
import { getBlob, putBlob } from './blobs.ts'
import { Ledgers } from './client.ts'
import { countGrants, listGrants } from './consents.ts'
import { consumeId, isConsumed } from './consumed.ts'
import { Callers, findDevice, mayGuess, openDevice, pollDevice, settleDevice } from './device.ts'
import { bindSession, owners, unbindSessions } from './directory.ts'
import { endSessions } from './end-sessions.ts'
import { loginEpoch } from './epochs.ts'
import { commitGrant, inspect } from './grants.ts'
import { nextNotice, settleNotices, takeDueNotices } from './notices.ts'
import { understands } from './protocol.ts'
import { redeem } from './redeem.ts'
import { refresh } from './refresh.ts'
import { revokeGrant, revokeGrants } from './revocation.ts'
import { Tables } from './schema.ts'
import type { Notice } from './session-types.ts'
import { login, readSession } from './sessions.ts'
import { sweep } from './sweep.ts'
import type { Transaction } from './transaction.ts'
import type { Input, LedgerMethod, Output } from './types.ts'

/** What a ledger answers to; what the methods mean stands in types.ts. */
const METHODS: {
  readonly [M in LedgerMethod]: (tx: Transaction, input: Input<M>) => Output<M>
} = {
  ping: () => 'ok',
  session: readSession,
  loginEpoch,
  login,
  endSessions,
  settleNotices,
  grant: commitGrant,
  redeem,
  refresh,
  inspect,
  listGrants,
  countGrants,
  revokeGrant,
  revokeGrants,
  consumeId,
  isConsumed,
  bindSession,
  unbindSessions,
  owners,
  putBlob,
  getBlob,
  openDevice,
  findDevice,
  pollDevice,
  settleDevice,
  guess: mayGuess,
}

/** Those that write nothing, and so need no transaction. */
const READS: ReadonlySet<LedgerMethod> = new Set([
  'ping',
  'session',
  'loginEpoch',
  'inspect',
  'listGrants',
  'countGrants',
  'isConsumed',
  'owners',
  'getBlob',
  'findDevice',
  'pollDevice',
])

/**
 * The ledger of one owner: whatever must never happen twice happens in one synchronous method here, which is one
 * SQLite transaction (design rules 2 and 3). What it stores stands in schema.ts.
 */
export class Ledger extends DurableObject<Env> {
  readonly #tables: Tables
  readonly #alarm: Alarm
  readonly #callers = new Callers()

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#tables = new Tables(ctx.storage.sql)
    this.#alarm = alarmOf(ctx.storage)
    if (this.#tables.all().length > 0) ctx.storage.transactionSync(() => this.#tables.upgrade())
    void ctx.blockConcurrencyWhile(() => this.#alarm.load())
  }

  /**
   * Runs a method, as one moment and one transaction. A caller of a newer release is not served: the object starts anew,
   * with the newest code there is, and the caller's next try finds that.
   */
  run<M extends LedgerMethod>(method: M, input: Input<M>, protocol: number): Output<M> {
    if (!understands(protocol, method, input)) {
      this.ctx.abort('The caller is of a newer release.')
      throw new OAuthError('server_error', 'ledger_failed')
    }
    const step = (tx: Transaction): Output<M> => METHODS[method](tx, input)
    return READS.has(method) ? step(this.#transaction()) : this.#change(step)
  }

  /** Tells a client that a session ended; whether that is settled. Given by the Worker, which knows clients and keys. */
  protected deliver(_notice: Notice): Promise<boolean> {
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
    const settled = await mapConcurrent(due, (notice) => this.deliver(notice))
    const ids = due.filter((_, index) => settled[index] === true).map(({ id }) => id)
    if (ids.length > 0) this.#change((tx) => settleNotices(tx, { ids }))
  }

  #transaction(): Transaction {
    const at = nowMs()
    const tx: Transaction = {
      tables: this.#tables,
      callers: this.#callers,
      now: Math.floor(at / 1000),
      nowMs: at,
      wake: (expires, what = 'row') => this.#alarm.noLaterThan(expires, what),
    }
    this.#alarm.check(this.#tables, at)
    return tx
  }

  #change<T>(run: (tx: Transaction) => T): T {
    const tx = this.#transaction()
    try {
      return this.#alarm.during(() => this.ctx.storage.transactionSync(() => run(tx)))
    } catch (thrown) {
      this.#tables.reload()
      throw thrown
    }
  }
}
