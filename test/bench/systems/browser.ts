import type { Lane } from '../generator/lane.ts'
import { type Answer, headerOf } from '../generator/line.ts'
import { requestText, type Site } from '../generator/site.ts'

/** The path and query of a URL. */
export const pathOf = (url: string): string => {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** A browser that follows redirects by hand and keeps its cookies. */
export class Browser {
  readonly #lane: Lane
  readonly #site: Site
  readonly #cookies = new Map<string, string>()

  constructor(lane: Lane, site: Site) {
    this.#lane = lane
    this.#site = site
  }

  /** Opens a path. Returns a parameter of the address that the answer leads to. */
  async next(path: string, parameter: string): Promise<string> {
    const { location, answer } = await this.follow(path)
    const value = new URL(location).searchParams.get(parameter)
    if (value === null)
      throw new Error(`${path} led to ${location}: there is no ${parameter}\n${answer.body}`)
    return value
  }

  /** Opens a path. Returns the address that the answer leads to. */
  async follow(path: string): Promise<{ readonly location: string; readonly answer: Answer }> {
    const answer = await this.#open(path)
    const location = headerOf(answer, 'location') ?? ''
    const { origin } = this.#site
    if (location === '') throw new Error(`${path} led nowhere:\n${answer.head}\n${answer.body}`)
    return { location: new URL(location, origin).href, answer }
  }

  async #open(path: string): Promise<Answer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const request = requestText(this.#site, 'GET', path, cookie === '' ? {} : { cookie })
    const answer = await this.#lane.askAny(this.#site, request)
    for (const [, name = '', value = ''] of answer.head.matchAll(/^set-cookie: *([^=]+)=([^;\r]*)/gim))
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    return answer
  }
}
