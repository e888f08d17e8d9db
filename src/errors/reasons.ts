import { authorizeReasons } from './reasons/authorize.ts'
import { clientReasons } from './reasons/client.ts'
import { grantReasons } from './reasons/grant.ts'
import type { Reader, ReasonEntry } from './reasons/reason.ts'
import { requestReasons } from './reasons/request.ts'
import { serverReasons } from './reasons/server.ts'

const makeEntries = () => ({
  ...requestReasons(),
  ...clientReasons(),
  ...grantReasons(),
  ...authorizeReasons(),
  ...serverReasons(),
})

type Entries = ReturnType<typeof makeEntries>

let made: Entries | undefined

/** The texts, made when the first request is refused: an isolate starts without them. */
function entries(): Entries {
  made ??= makeEntries()
  return made
}

/** Why a request was refused. The log names every reason; some are also shown to the sender of the request. */
export type Reason = keyof Entries

/** The values in a reason's text, such as names of parameters. Never a secret, token or code. */
export type Facts = Readonly<Record<string, string | number | readonly string[]>>

/** Longest text of a fact, in characters. Longer ones are cut. */
const MAX_FACT_LENGTH = 200
/** The largest number of texts in a fact that is a list. Further ones are dropped. */
const MAX_FACT_ITEMS = 100

/** Returns the facts in the size in which they are shown and logged, since a stranger may have sent them. */
export const boundedFacts = (facts: Facts): Facts =>
  Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, typeof fact === 'number' ? fact : bounded(fact)]),
  )

const bounded = (fact: string | readonly string[]): string | readonly string[] =>
  typeof fact === 'string'
    ? fact.slice(0, MAX_FACT_LENGTH)
    : fact.slice(0, MAX_FACT_ITEMS).map((one) => one.slice(0, MAX_FACT_LENGTH))

/** A reason in words: what was wrong, what to do about it, and who may read that besides the operator. */
export interface Explained {
  readonly text: string
  readonly fix: string
  readonly reader: Reader | 'anyone'
}

/** Returns a reason in words, with its facts. */
export function explain(reason: Reason, facts: Facts): Explained {
  const { text, fix, reader } = templateOf(reason)
  const told = boundedFacts(facts)
  const fill = (template: string): string =>
    template.replace(/\{(\w+)\}/g, (_whole, name: string) => [told[name] ?? ''].flat().join(' '))
  return { text: fill(text), fix: fill(fix), reader }
}

/** Returns a reason in words, with the names of its facts in braces. */
export function templateOf(reason: Reason): Explained {
  const [text, fix, reader]: ReasonEntry = entries()[reason]
  return { text, fix, reader: reader ?? 'anyone' }
}

/** Whether a text names a reason. */
export const isReason = (text: string): text is Reason => Object.hasOwn(entries(), text)

/** Returns every reason. */
export const allReasons = (): readonly Reason[] => Object.keys(entries()).filter(isReason)
