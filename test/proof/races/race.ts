import { isDeepStrictEqual } from 'node:util'
import type { Browser } from '../../support/browser.ts'
import type { Isolate } from '../harness/isolate.ts'

/** How many requests race in one burst. */
export const BURST = 50

/** What a race found that must not be. */
export class Violation extends Error {}

/** Throws a violation unless a condition holds. */
export function hold(condition: boolean, what: string, ...seen: readonly unknown[]): void {
  if (!condition) throw new Violation(`${what}: ${seen.map((one) => JSON.stringify(one)).join(' ')}`)
}

/** Two isolates over one storage, and what a race keeps from round to round, such as its client. */
export interface Arena {
  readonly first: Isolate
  readonly second: Isolate
  /** A value that is made in the first round. */
  kept<T>(name: string, make: () => Promise<T>): Promise<T>
  /** Counts something that is reported. */
  count(name: string): void
}

/** One round of a race. Throws a violation. */
export type Race = (arena: Arena) => Promise<void>

/** An answer with its body read. */
export interface Told {
  readonly status: number
  readonly location: URL | undefined
  readonly body: Readonly<Record<string, unknown>>
  readonly text: string
}

/** Reads an answer whole. */
export async function tell(response: Response): Promise<Told> {
  const text = await response.text()
  const location = response.headers.get('location')
  return {
    ...{ status: response.status, text, body: parsed(text) },
    location: location === null ? undefined : new URL(location, 'http://localhost'),
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
  } catch {
    return {}
  }
}

/**
 * Sends a burst of requests, every other one to the other isolate, and reads the answers. None may be a 5xx but those
 * that are documented.
 */
export async function burst(
  { first, second }: Arena,
  send: (at: Isolate, turn: number) => Promise<Response>,
  size = BURST,
  documented: readonly string[] = [],
): Promise<readonly Told[]> {
  const turns = Array.from({ length: size }, (_, turn) => turn)
  const told = await Promise.all(
    turns.map(async (turn) => tell(await send(turn % 2 === 0 ? first : second, turn))),
  )
  for (const { status, text, body } of told)
    hold(
      status < 500 || documented.includes(`${status} ${String(body['error'])}`),
      'a 5xx',
      status,
      text.slice(0, 200),
    )
  return told
}

/** The answers of a status. */
export const withStatus = (told: readonly Told[], status: number): readonly Told[] =>
  told.filter((one) => one.status === status)

/** Statuses and errors with how often each came. */
export function summary(told: readonly Told[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { status, body, location } of told) {
    const name = `${status} ${String(body['error'] ?? location?.searchParams.get('error') ?? '')}`
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** One winner with this status; every other answer has one of the others and says one of the errors. */
export function oneWinner(told: readonly Told[], status: number, others: readonly string[]): Told {
  const [winner, ...more] = withStatus(told, status)
  hold(winner !== undefined && more.length === 0, 'not one winner', summary(told))
  const losers = Object.keys(summary(told.filter((one) => one !== winner)))
  hold(
    losers.every((one) => others.includes(one)),
    'not as documented',
    summary(told),
  )
  if (winner === undefined) throw new Violation('no winner')
  return winner
}

/** All answers are successes and say the same. */
export function sameForAll(told: readonly Told[], members: readonly string[]): Told {
  const [one] = told
  hold(
    told.every(({ status }) => status === 200),
    'not all succeed',
    summary(told),
  )
  for (const member of members)
    hold(
      told.every(({ body }) => isDeepStrictEqual(body[member], one?.body[member])),
      `${member} differs`,
    )
  if (one === undefined) throw new Violation('no answer')
  return one
}

/** Requests a page with the cookies that a browser has now, and keeps none of the answer's. */
export const peek = (at: Isolate, browser: Browser, url: string): Promise<Response> =>
  at.fetch(url, { headers: { cookie: browser.cookie } })

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
export const somebody = (): string => `user-${crypto.randomUUID()}`
