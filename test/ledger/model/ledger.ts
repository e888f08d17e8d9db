import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { expect } from 'vitest'
import { type Owner, ownerOf, type PlacedKind } from '../../../src/ledger/owner.ts'
import { READS } from '../../../src/ledger/reads.ts'
import type { LedgerMethod, Output } from '../../../src/ledger/types.ts'
import { testEnv } from '../../support/bindings.ts'
import { callLedger, type PlainInput, type Subject } from '../support.ts'

/** What happens to the first answer of a call: it arrives; it is lost; it is lost and so is the object's memory. */
export type Fate = 'arrives' | 'lost' | 'evicted'

/** All that an object stores, as text to compare; without its alarm, which a call may set again. */
type Stored = string

/**
 * One real ledger. Each call is held to what every method promises: the same attempt gets the same answer, also from
 * an object that lost its memory; a read creates nothing; a refused call changes nothing.
 */
export class CheckedLedger {
  readonly owner: Owner
  readonly stub: Subject['stub']

  constructor(kind: PlacedKind | 'client', name: string = crypto.randomUUID()) {
    this.owner = kind === 'client' ? ownerOf(kind, name) : ownerOf(kind, name, 'none')
    this.stub = testEnv().LEDGER.getByName(this.owner)
  }

  /**
   * Calls a method.
   * @param refused whether an answer is a refusal, after which everything must be as before.
   */
  async call<M extends LedgerMethod>(
    method: M,
    input: PlainInput<M>,
    fate: Fate = 'arrives',
    refused: (answer: Output<M>) => boolean = () => false,
  ): Promise<Output<M>> {
    const before = await this.stored()
    const answer = await callLedger(testEnv(), this.owner, method, input)
    const after = await this.stored()
    if (isRead(method)) expect(after, `reads create nothing: ${method}`).toBe(before)
    if (refused(answer)) expect(after, `a refused call changes nothing: ${method}`).toBe(before)
    if (fate === 'arrives') return answer
    if (fate === 'evicted') await this.evict()
    const again = await callLedger(testEnv(), this.owner, method, input)
    const { text, repeated } = compared(answer, again)
    expect(repeated, `the same attempt gets the same answer: ${method}`).toBe(text)
    expect(await this.stored(), `a repeated attempt changes nothing: ${method}`).toBe(after)
    return again
  }

  /** Only reads: to be used within `reading`. */
  read<M extends LedgerMethod & keyof typeof READS>(method: M, input: PlainInput<M>): Promise<Output<M>> {
    return callLedger(testEnv(), this.owner, method, input)
  }

  /** Reads this and that, which creates nothing. */
  async reading(reads: () => Promise<void>): Promise<void> {
    const before = await this.stored()
    await reads()
    expect(await this.stored(), 'reads create nothing').toBe(before)
  }

  /** The object leaves memory, as it does after some idle time or before a deployment. */
  evict(): Promise<void> {
    return evictDurableObject(this.stub)
  }

  /** Fires the alarm, if one is set. */
  alarm(): Promise<boolean> {
    return runDurableObjectAlarm(this.stub)
  }

  /** When the alarm fires, ms since the epoch; null for never. */
  alarmAt(): Promise<number | null> {
    return runInDurableObject(this.stub, (_ledger, state) => state.storage.getAlarm())
  }

  stored(): Promise<Stored> {
    return runInDurableObject(this.stub, (_ledger, { storage: { sql } }) => {
      const tables = sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .toArray()
        .filter(({ name }) => !name.startsWith('_'))
      return JSON.stringify(tables.map(({ name }) => [name, sql.exec(`SELECT * FROM ${name}`).toArray()]))
    })
  }
}

const isRead = (method: LedgerMethod): boolean => Object.hasOwn(READS, method)

/**
 * The answers as text. How a generation was issued and whether an attempt was the first is told from the row, so a
 * repeat may say so; what it was given is the same.
 */
function compared(answer: unknown, again: unknown): { readonly text: string; readonly repeated: string } {
  const told = (value: unknown): string =>
    JSON.stringify(value, (name, member: unknown) => (name === 'via' ? undefined : member))
  return { text: told(answer), repeated: told(again) }
}
