import * as v from 'valibot'

/** What answers one kind of call: the parts of its path in parentheses, its body and its query give a `result`. */
export type Handler = (ids: readonly string[], body: string, query: URLSearchParams) => unknown

/** A kind of call, like `GET /accounts/acct/d1/database`, and what answers it. */
export type ApiRoute = readonly [call: RegExp, handler: Handler]

/** What the stub answers with an error status and code. */
export class ApiFailure extends Error {
  readonly status: number
  readonly code: number

  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** A route by method and path below the account, both as parts of regular expressions. */
export function route(method: string, path: string, handler: Handler): ApiRoute {
  return [new RegExp(`^(?:${method}) /accounts/acct${path}$`), handler]
}

/** A JSON body, checked. */
export function parse<T>(schema: v.GenericSchema<unknown, T>, json: string): T {
  return v.parse(schema, JSON.parse(json))
}
