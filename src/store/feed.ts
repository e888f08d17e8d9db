import type { Ledgers } from '../ledger/client.ts'
import { ownerOf } from '../ledger/owner.ts'
import type { ChangeTags } from '../ledger/types.ts'
import { toBase64url } from '../util/base64url.ts'
import { sha256 } from '../util/digest.ts'
import { unavailable } from './sharing.ts'

/**
 * What the feed says of a value: a tag, which is another one after each change; null while the value is being changed
 * or may be, so that nothing is known.
 */
export type Tag = string | null

/** What the feed said, up to its last answer. */
export interface Told {
  readonly head: string
  /** Whether it speaks of every value, or only of those that were asked about. */
  readonly ofAll: boolean
  /** The tags that it named, by key, without the epoch. */
  readonly tags: ReadonlyMap<string, Tag>
  /** Returns the tag of a value; `undefined` if nothing was said of it. */
  tagOf(key: string): Tag | undefined
}

/** Of how many values an isolate remembers what was said: beyond it, it asks anew about those that it uses. */
const MAX_REMEMBERED = 4000

/**
 * Which values of D1 changed, as one ledger knows it (`ledger/changes.ts`). Every method throws
 * `temporarily_unavailable` if the ledger cannot be reached.
 */
export interface Feed {
  /**
   * Asks about values by their keys.
   * @param known the last answer. The feed then says what happened since, and speaks of values that it did not speak of:
   *   what strangers change makes no answer long for longer than it takes to ask once.
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
  const ask = (ids: readonly string[], head: string | null): Promise<ChangeTags> =>
    ledgers.call(owner, 'changeTags', { ids, head })

  return {
    async ask(keys, known) {
      const unknown = known === undefined ? keys : keys.filter((key) => known.tagOf(key) === undefined)
      const answer = await ask(unknown, known?.head ?? null)
      if (known !== undefined && answer.told === 'same') return known
      if (known !== undefined && answer.told === 'since') {
        const told = joined(known, answer, unknown)
        return told.tags.size > MAX_REMEMBERED ? said(await ask(keys, null), keys) : told
      }
      // Too much happened since, and what was known before is worth nothing.
      const isPartial = answer.told !== 'all' && unknown.length < keys.length
      return isPartial ? said(await ask(keys, null), keys) : said(answer, keys)
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

/** What an answer says by itself. */
function said({ epoch, head, told, tags }: ChangeTags, asked: readonly string[]): Told {
  const quiet = asked.map((key) => [key, ''] as const)
  return toldOf(epoch, head, told === 'all', new Map([...quiet, ...Object.entries(tags)]))
}

/** What was known, and what an answer says that happened since. Of values that nobody asked about it need not be kept. */
function joined(known: Told, { epoch, head, tags }: ChangeTags, asked: readonly string[]): Told {
  const quiet = asked.map((key) => [key, ''] as const)
  const before = new Map([...known.tags, ...quiet])
  const changed = Object.entries(tags).filter(([key]) => known.ofAll || before.has(key))
  return toldOf(epoch, head, known.ofAll, new Map([...before, ...changed]))
}

const toldOf = (epoch: string, head: string, ofAll: boolean, tags: ReadonlyMap<string, Tag>): Told => ({
  head,
  ofAll,
  tags,
  tagOf(key) {
    const named = tags.get(key)
    const tag = named === undefined && ofAll ? '' : named
    return typeof tag === 'string' ? `${epoch}.${tag}` : tag
  },
})
