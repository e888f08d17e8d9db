import { afterEach, beforeEach, vi } from 'vitest'

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
