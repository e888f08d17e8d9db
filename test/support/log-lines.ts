import { afterEach, beforeEach, expect, vi } from 'vitest'
import { isReason, templateOf } from '../../src/errors/reasons.ts'

/** The lines that Ladon logs in each test of a file, which then stay out of the test's output. */
export class LogLines {
  readonly #lines: string[] = []

  constructor() {
    beforeEach(() => {
      this.clear()
      for (const method of ['log', 'error', 'warn', 'info'] as const)
        vi.spyOn(console, method).mockImplementation((line: unknown) => this.#lines.push(String(line)))
    })
    afterEach(() => {
      vi.restoreAllMocks()
      for (const line of this.#lines) checkWords(line)
    })
  }

  /** Forgets what was logged so far. */
  clear(): void {
    this.#lines.length = 0
  }

  /** All lines as they were written. */
  text(): string {
    return this.#lines.join('\n')
  }

  /** The lines of a kind, oldest first. */
  of(kind: string): readonly Readonly<Record<string, unknown>>[] {
    const parsed = this.#lines.map((line): Record<string, unknown> => JSON.parse(line))
    return parsed.filter((line) => line['kind'] === kind)
  }

  /** The newest line of a kind. */
  last(kind: string): Readonly<Record<string, unknown>> | undefined {
    return this.of(kind).at(-1)
  }
}

/** Checks that the line of a refused request has each fact that the words of its reason speak of. */
function checkWords(line: string): void {
  if (!line.startsWith('{"kind":"request"')) return
  const { reason, facts = [] }: { reason?: string; facts?: readonly string[] } = JSON.parse(line)
  if (reason === undefined) return
  if (!isReason(reason)) throw new Error(`no reason of the closed list: ${line}`)
  const { text, fix } = templateOf(reason)
  const named = [...`${text} ${fix}`.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  const given = facts.map((fact) => fact.split('=')[0])
  expect(given, line).toEqual(expect.arrayContaining(named))
}
