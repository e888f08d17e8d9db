import { authorizeReasons } from './reasons/authorize.ts'
import { clientReasons } from './reasons/client.ts'
import { grantReasons } from './reasons/grant.ts'
import type { ReasonEntry } from './reasons/reason.ts'
import { requestReasons } from './reasons/request.ts'
import { serverReasons } from './reasons/server.ts'

const entries = {
  ...requestReasons,
  ...clientReasons,
  ...grantReasons,
  ...authorizeReasons,
  ...serverReasons,
}

/** Why a request was refused, from a closed list. The log names it; whoever was refused may read some of them. */
export type Reason = keyof typeof entries

/** What a reason's text speaks of: names of parameters and the like. Never a secret, token or code. */
export type Facts = Readonly<Record<string, string | number | readonly string[]>>

/** Longest fact that is told, in characters, and most of a list. */
const MAX_FACT = 200
const MAX_FACTS = 100

/** The facts as they are told and logged: cut, whatever a stranger sent. */
export const boundedFacts = (facts: Facts): Facts =>
  Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, typeof fact === 'number' ? fact : bounded(fact)]),
  )

const bounded = (fact: string | readonly string[]): string | readonly string[] =>
  typeof fact === 'string'
    ? fact.slice(0, MAX_FACT)
    : fact.slice(0, MAX_FACTS).map((one) => one.slice(0, MAX_FACT))

/** What a reason says and advises; `public` when whoever was refused may read it. */
export function explain(reason: Reason, facts: Facts): { text: string; fix: string; public: boolean } {
  const [text, fix, reader]: ReasonEntry = entries[reason]
  const told = boundedFacts(facts)
  const fill = (template: string): string =>
    template.replace(/\{(\w+)\}/g, (_whole, name: string) => [told[name] ?? ''].flat().join(' '))
  return { text: fill(text), fix, public: reader === undefined }
}

/** What a reason says, its facts in braces. */
export const templateOf = (reason: Reason): string => entries[reason][0]

/** Whether a text names a reason. */
export const isReason = (text: string): text is Reason => Object.hasOwn(entries, text)

/** Every reason there is. */
export const REASONS: readonly Reason[] = Object.keys(entries).filter(isReason)
