import type { Ledgers } from '../ledger/client.ts'
import { ownerOf } from '../ledger/owner.ts'
import { toBase64url } from '../util/base64url.ts'
import { sha256 } from '../util/digest.ts'
import { unavailable } from './sharing.ts'

/**
 * What the feed says of a value: a tag, which is another one after each change; null while the value is being changed
 * or may be, so that nothing is known.
 */
export type Tag = string | null

/** What the feed answers. */
export interface Told {
  readonly head: string
  /** Whether it speaks of every value, or only of those that were asked about. */
  readonly ofAll: boolean
  /** Returns the tag of a value; `undefined` if the answer does not speak of it. */
  tagOf(key: string): Tag | undefined
}

/**
 * Which values of D1 changed, as one ledger knows it (`ledger/changes.ts`). Every method throws
 * `temporarily_unavailable` if the ledger cannot be reached.
 */
export interface Feed {
  /**
   * Asks about values by their keys.
   * @param known the last answer, if it spoke of all values: if nothing happened since, little is sent.
   */
  ask(keys: readonly string[], known?: Told): Promise<Told>
  /**
   * Announces a change of a value. Returns the tag that the value has after it, if no other change is open. Throws
   * `temporarily_unavailable` if too many are: nothing may be changed then.
   */
  announce(key: string, attempt: string): Promise<string>
  /** Settles a change. Returns whether no other one was open meanwhile. */
  settle(key: string, attempt: string, changed: boolean): Promise<boolean>
  /** Gives every value another tag. */
  renew(attempt: string): Promise<void>
}

/** Returns the key of a value: a digest, since ids may be long. */
export const feedKey = (name: string, id: string): string => toBase64url(sha256(`${name}\0${id}`))

/** Whether a tag is that of a single change, of which KV may have the outcome. */
export const isOfChange = (tag: string): boolean => !/[.+?]$/.test(tag)

/** Returns the installation's feed. */
export function feedOf(ledgers: Ledgers): Feed {
  const owner = ownerOf('feed', 'copies')
  return {
    async ask(keys, known) {
      const head = known?.ofAll === true ? known.head : null
      const answer = await ledgers.call(owner, 'changeTags', { ids: keys, head })
      if (known !== undefined && answer.told === 'same') return known
      const tags = new Map(Object.entries(answer.tags))
      const asked = new Set(keys)
      const ofAll = answer.told === 'all'
      return {
        head: answer.head,
        ofAll,
        tagOf: (key) => {
          const tag = tags.get(key)
          if (tag === null) return null
          return tag !== undefined || ofAll || asked.has(key) ? `${answer.epoch}.${tag ?? ''}` : undefined
        },
      }
    },
    async announce(key, attempt) {
      const { announced, epoch } = await ledgers.call(owner, 'announceChange', { attempt, id: key })
      if (!announced) throw unavailable()
      return `${epoch}.${attempt}`
    },
    async settle(key, attempt, changed) {
      return (await ledgers.call(owner, 'settleChange', { attempt, id: key, changed })).alone
    },
    async renew(attempt) {
      await ledgers.call(owner, 'renewEpoch', { attempt })
    },
  }
}
