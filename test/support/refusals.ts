import { afterEach, expect } from 'vitest'
import { isReason, type Reason, templateOf } from '../../src/errors/reasons.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** Why requests were refused in the test; `npm test` asks whether that was each reason of the list. */
    reasons?: readonly string[]
  }
}

/** The line of a refused request, as far as it says why. */
interface Refused {
  readonly requestId: string
  readonly line: string
  readonly reason: string
  readonly facts: readonly string[]
  /** The words of the reason, in the line because the answer does not have them. */
  readonly why: string | undefined
}

declare global {
  /** What was refused since the last test ended, and the console that notes it. Outlives the modules. */
  var refusals: { readonly lines: Refused[]; readonly console: Console } | undefined
}

/**
 * Notes from now on why requests are refused, whatever a test puts in the place of `console.log`; after each test of the
 * file, checks the words of these lines.
 */
export function noteRefusals(): void {
  if (globalThis.refusals === undefined || globalThis.console !== globalThis.refusals.console) watch()
  afterEach(({ task }) => {
    const lines = globalThis.refusals?.lines.splice(0) ?? []
    task.meta.reasons = [...new Set(lines.map(({ reason }) => reason))]
    lines.forEach(checkLine)
  })
}

function watch(): void {
  const lines: Refused[] = []
  const watched = new Proxy(globalThis.console, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      return name === 'log' && typeof member === 'function' ? noting(lines, member) : member
    },
  })
  globalThis.console = watched
  globalThis.refusals = { lines, console: watched }
}

const noting = (lines: Refused[], log: object): object =>
  new Proxy(log, {
    apply(target, self, args: readonly unknown[]) {
      const refused = refusedIn(args[0])
      if (refused !== undefined) lines.push(refused)
      return Reflect.apply(Object(target), self, args)
    },
  })

function refusedIn(line: unknown): Refused | undefined {
  if (typeof line !== 'string' || !line.startsWith('{"kind":"request"')) return undefined
  const { request_id: requestId, reason, facts = [], why } = JSON.parse(line)
  return typeof reason === 'string' ? { requestId, line, reason, facts, why } : undefined
}

/** Checks that a line has each fact that the words of its reason speak of, and these words if nobody else got them. */
function checkLine({ line, reason, facts, why }: Refused): void {
  if (!isReason(reason)) throw new Error(`no reason of the closed list: ${line}`)
  const { text, fix } = templateOf(reason)
  const named = [...`${text} ${fix}`.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  const given = facts.map((fact) => fact.split('=')[0])
  expect(given, line).toEqual(expect.arrayContaining(named))
  if (why !== undefined) expect(why, line).toMatch(wordsOf(reason))
}

/** What pages tell people in their own language, and in other words. */
const FOR_PEOPLE: readonly Reason[] = [
  'device_connected',
  'path_unknown',
  'user_code_guessed',
  'user_code_unusable',
]

/** Checks that an answer says what was wrong and what to do, unless its log line says that in its place. */
export async function checkTold(response: Response): Promise<void> {
  const id = response.headers.get('x-request-id')
  const refused = globalThis.refusals?.lines.findLast(({ requestId }) => requestId === id)
  if (refused === undefined || refused.why !== undefined || !isReason(refused.reason)) return
  // A link over plain http leads to where it is taken.
  if (response.status === 308) return
  if (FOR_PEOPLE.includes(refused.reason) && /^text\/html/i.test(response.headers.get('content-type') ?? ''))
    return
  expect(await told(response), refused.line).toMatch(wordsOf(refused.reason))
}

/** What an answer says: in its body, or to whom it redirects. */
async function told(response: Response): Promise<string> {
  const location = response.headers.get('location')
  if (location === null) return unescaped(await response.clone().text())
  const { search, hash } = new URL(location, 'http://localhost')
  return [search, hash]
    .map((part) => new URLSearchParams(part.slice(1)).get('error_description') ?? '')
    .join(' ')
}

const unescaped = (page: string): string => page.replaceAll('&#39;', "'").replaceAll('&amp;', '&')

/** Matches the words of a reason, with anything for its facts. */
function wordsOf(reason: Reason): RegExp {
  const { text, fix } = templateOf(reason)
  const literal = (part: string): string => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(
    `${text} ${fix}`
      .split(/\{\w+\}/)
      .map(literal)
      .join('[^]*'),
  )
}
