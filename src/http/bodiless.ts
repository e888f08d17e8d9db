/** Stands for a request without its body. */
class Bodiless implements ProxyHandler<Request> {
  #copy: Request | undefined

  get(request: Request, name: string | symbol): unknown {
    if (name === 'headers') return request.headers
    if (name === 'url') return request.url
    if (name === 'method') return request.method
    if (name === 'cf') return request.cf
    this.#copy ??= new Request(request.url, { method: request.method, headers: request.headers })
    const member: unknown = Reflect.get(this.#copy, name)
    return typeof member === 'function' ? member.bind(this.#copy) : member
  }
}

/**
 * Returns a request as if it had no body. Nearly everybody asks for its address, method and headers only, which are the
 * request's own; the copy that answers anything else is made when it is needed.
 */
export const withoutBody = (request: Request): Request => new Proxy(request, new Bodiless())
