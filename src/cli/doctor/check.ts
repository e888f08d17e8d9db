import type { JsonObject } from '../../util/json.ts'
import { isLoopbackHost } from '../../util/loopback.ts'
import type { Answer } from '../answer.ts'
import type { Notes } from './notes.ts'

/** What the doctor found out before it judges. What could not be asked for is undefined. */
export interface Facts {
  /** The address that was given, without a slash at the end. */
  readonly base: string
  readonly ready: Answer
  readonly discovery: Answer
  readonly discovered: JsonObject | undefined
  readonly keySet: JsonObject | undefined
  /** GET /admin/status. */
  readonly status: JsonObject | undefined
  /** Its member `settings`. */
  readonly settings: JsonObject | undefined
  /** The first page of clients with the key, and the status of the answer. */
  readonly clients: readonly JsonObject[] | undefined
  readonly clientsStatus: number
  /** The status of the same without a key. */
  readonly withoutKey: number
  readonly hasKey: boolean
  /** A request for tokens that is none. */
  readonly token: Answer
  /** What http:// of the host answers; undefined if nothing does, null where it does not matter. */
  readonly plainHttp: Answer | undefined | null
  /** Origins of pages, each with whether they may call the token endpoint. */
  readonly origins: ReadonlyMap<string, boolean>
  /** What the address below workers.dev answers, undefined if nothing does; null if no such address is known. */
  readonly workersDev: { readonly address: string; readonly answer: Answer | undefined } | null
  readonly notes: Notes
  /** The clock of this machine, ms since 1970, when discovery was answered. */
  readonly now: number
  readonly cliVersion: string
}

/** How a check went. A fault should be mended; a note may be meant; what is unknown could not be asked. */
export interface Verdict {
  readonly state: 'ok' | 'fault' | 'note' | 'unknown'
  readonly said: string
  readonly fix?: string
}

/** One thing that the doctor looks at. */
export interface Check {
  readonly name: string
  judge(facts: Facts): Verdict
}

export const ok = (said: string): Verdict => ({ state: 'ok', said })
export const fault = (said: string, fix: string): Verdict => ({ state: 'fault', said, fix })
export const note = (said: string, fix: string): Verdict => ({ state: 'note', said, fix })
export const unknown = (said: string): Verdict => ({ state: 'unknown', said })

/** Returns a check of the server's own report, for which it takes a key of scope `introspect`. */
export const ofStatus = (name: string, judge: (status: JsonObject, facts: Facts) => Verdict): Check => ({
  name,
  judge: (facts) => (facts.status === undefined ? unknown(NO_STATUS) : judge(facts.status, facts)),
})

/** As `ofStatus`, of what settings make of the server. */
export const ofSettings = (name: string, judge: (settings: JsonObject, facts: Facts) => Verdict): Check => ({
  name,
  judge: (facts) => (facts.settings === undefined ? unknown(NO_STATUS) : judge(facts.settings, facts)),
})

const NO_STATUS =
  'The server did not show its status: it takes an API key of scope introspect or all, and a Ladon.'

/** Whether the server is on this machine, where much is fine that is not elsewhere. */
export function isLocal({ base }: Facts): boolean {
  const { hostname } = new URL(base)
  return isLoopbackHost(hostname)
}

/** Returns the texts of a list. */
export const textsIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
