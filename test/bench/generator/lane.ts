import { type Answer, Line } from './line.ts'
import type { Site } from './site.ts'

/** One of the parties that send at the same time: a connection to each server that it asks. */
export class Lane {
  readonly #lines = new Map<number, Line>()

  /** Sends a request and returns its answer. Throws unless that has the status, and the text in its head or body. */
  async ask(site: Site, request: string, status: number, text = ''): Promise<Answer> {
    const answer = await this.askAny(site, request)
    if (answer.status === status && (text === '' || answer.body.includes(text) || answer.head.includes(text)))
      return answer
    const asked = request.slice(0, request.indexOf(' HTTP/'))
    throw new Error(
      `${asked} was to answer ${status} with "${text}":\n${answer.head}\n${answer.body.slice(0, 500)}`,
    )
  }

  /** Sends a request and returns its answer, whatever that is. */
  async askAny({ port }: Site, request: string): Promise<Answer> {
    const kept = this.#lines.get(port)
    // A server closes connections that rest while others are measured.
    const line = kept === undefined || kept.closed ? await this.#connect(port) : kept
    return line.ask(request)
  }

  close(): void {
    for (const line of this.#lines.values()) line.close()
  }

  async #connect(port: number): Promise<Line> {
    const line = await Line.open(port)
    this.#lines.set(port, line)
    return line
  }
}

/** Does something so often, on so many lanes, before anything is measured. Returns what each time gave. */
export async function prepare<T>(
  times: number,
  lanes: number,
  act: (lane: Lane) => Promise<T>,
): Promise<T[]> {
  const made: T[] = []
  let left = times
  const run = async (): Promise<void> => {
    const lane = new Lane()
    try {
      while (left > 0) {
        left -= 1
        made.push(await act(lane))
      }
    } finally {
      lane.close()
    }
  }
  await Promise.all(Array.from({ length: lanes }, run))
  return made
}
