import { DurableObject } from 'cloudflare:workers'
import type { SigningAlgorithm } from '../config/types.ts'
import type { Env } from '../env.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import { msAfter, nowMs, nowSeconds, secondsOf } from '../util/clock.ts'
import { mapConcurrent } from '../util/map-concurrent.ts'
import { SharedLoad } from '../util/shared-load.ts'
import { type Alarm, alarmOf, PAUSE_MS } from './alarm.ts'
import { Ledgers } from './client.ts'
import { Callers } from './device.ts'
import { sweepEnded } from './ended-rows.ts'
import { repairIndexes } from './indexes.ts'
import { type Notice, nextNotice, settleNotices, takeDueNotices } from './notices.ts'
import { isOwner } from './owner.ts'
import { understands } from './protocol.ts'
import { READS } from './reads.ts'
import { RecentChanges } from './recent-changes.ts'
import { sweep } from './sweep.ts'
import { Tables } from './tables.ts'
import type { FirstKeyInput, Transaction } from './transaction.ts'
import type { Input, LedgerMethod, Output } from './types.ts'
import { WRITES } from './writes.ts'

const METHODS: {
  readonly [M in LedgerMethod]: (tx: Transaction, input: Input<M>) => Output<M>
} = { ...READS, ...WRITES }

function upgrade(tables: Tables): void {
  if (tables.upgrade()) repairIndexes({ tables, now: nowSeconds() })
}

/**
 * The ledger of one owner. Everything that must not happen twice is decided here, in one synchronous method, which is
 * one SQLite transaction (design rules 2 and 3). `schema.ts` defines what it stores.
 */
export class Ledger extends DurableObject<Env> {
  readonly #tables: Tables
  readonly #alarm: Alarm
  readonly #callers = new Callers()
  readonly #recent = new RecentChanges()
  #firstKey = new SharedLoad<void>()

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#tables = new Tables(ctx.storage.sql)
    this.#alarm = alarmOf(ctx.storage)
    if (!this.#tables.areCurrent()) ctx.storage.transactionSync(() => upgrade(this.#tables))
    void ctx.blockConcurrencyWhile(() => this.#alarm.load())
  }

  /**
   * Runs a method at one moment in time, and in one transaction if it may write. A call of a newer release is refused:
   * the object restarts with the newest code, and the caller's next try reaches that.
   * @param protocol the caller's protocol version (protocol.ts).
   * @param asText whether the answer, an object, is given as JSON text.
   * @throws OAuthError `server_error` for a call of a newer release, and what the method throws.
   */
  run<M extends LedgerMethod>(
    method: M,
    input: Input<M>,
    protocol: number,
    asText = false,
  ): Output<M> | string {
    if (!understands(protocol, method, input)) {
      this.ctx.abort('The caller is of a newer release.')
      throw new OAuthError('server_error', 'ledger_failed')
    }
    const step = (tx: Transaction): Output<M> => METHODS[method](tx, input)
    const answer = Object.hasOwn(READS, method) ? step(this.#transaction()) : this.#change(step)
    return asText ? JSON.stringify(answer) : answer
  }

  /**
   * Makes the first key of a set of signing keys, unless the set has one that signs: once for all that ask meanwhile,
   * and after a failure not for a second. Returns whether D1 could be reached.
   */
  #makeFirstKey({ set, algorithm }: FirstKeyInput): Promise<boolean> {
    return this.#firstKey
      .run(() => this.firstKey(set, algorithm))
      .then(
        () => {
          this.#firstKey = new SharedLoad()
          return true
        },
        (thrown: unknown) => {
          if (thrown instanceof OAuthError && thrown.code === 'temporarily_unavailable') return false
          throw thrown
        },
      )
  }

  /** Makes a set's first key and stores it in D1. The Worker overrides this: it has the keys. */
  protected firstKey(_set: string, _algorithm: SigningAlgorithm): Promise<void> {
    return Promise.resolve()
  }

  /**
   * Notifies a client that a session ended. Returns whether the notice is settled. The Worker overrides this: it has
   * the clients and the keys.
   */
  protected deliver(_notice: Notice): Promise<boolean> {
    return Promise.resolve(false)
  }

  /**
   * Tries the notices that are due, cleans what ended with others and deletes expired rows. Never throws; a failed run is repeated
   * after a pause.
   */
  override async alarm(invocation?: AlarmInvocationInfo): Promise<void> {
    const started = nowMs()
    this.#alarm.fired()
    const { name } = this.ctx.id
    const parts = {
      storage: this.ctx.storage,
      tables: this.#tables,
      alarm: this.#alarm,
      ledgers: new Ledgers(this.env.LEDGER),
      owner: isOwner(name) ? name : undefined,
      isRetry: invocation?.isRetry === true,
    }
    try {
      await this.#deliverDue()
      if (!this.#cleanEnded()) await sweep(parts, started)
      this.#alarm.noLaterThan(nextNotice(parts.tables), 'notice')
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.name : typeof thrown
      logLine('ledger.sweep_failed', { error })
      this.#alarm.noLaterThanMs(msAfter(started, PAUSE_MS))
    }
  }

  async #deliverDue(): Promise<void> {
    if (!this.#tables.has('notices')) return
    const due = this.#change(takeDueNotices)
    const settled = await mapConcurrent(due, (notice) => this.deliver(notice))
    const ids = due.filter((_, index) => settled[index] === true).map(({ id }) => id)
    if (ids.length > 0) this.#change((tx) => settleNotices(tx, { ids }))
  }

  /** Cleans a batch of what ended with others. Returns whether the next run should do no more than the next batch. */
  #cleanEnded(): boolean {
    if (!this.#tables.has('sweeps')) return false
    const more = this.#change(sweepEnded)
    if (more) this.#alarm.noLaterThanMs(nowMs())
    return more
  }

  #transaction(): Transaction {
    const at = nowMs()
    const tx: Transaction = {
      tables: this.#tables,
      callers: this.#callers,
      recent: this.#recent,
      makeFirstKey: (input) => this.#makeFirstKey(input),
      now: secondsOf(at),
      nowMs: at,
      wake: (expires, what = 'row') => this.#alarm.noLaterThan(expires, what),
      wakeForLogin: (first, last) => this.#alarm.forLogin(first, last),
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
