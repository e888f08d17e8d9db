import { construct, invoke, member, toCamel, toWire } from './dynamic.ts'

/** Who calls: by a header of one's own, or by what the SDK has for it. */
export type Identity =
  | { readonly header: string }
  | { readonly username: string; readonly password: string }
  | { readonly token: string }
  | Record<never, never>

/** One call of an SDK method; arguments are in the order and shape the method takes. */
export interface Call {
  readonly sdk: unknown
  readonly base: string
  readonly className: string
  readonly method: string
  readonly args: readonly unknown[]
  readonly identity: Identity
  /** Form that the SDK's method has no parameters for, where its style takes one besides. */
  readonly form?: Readonly<Record<string, string>> | undefined
}

/** What came back: the HTTP status, and the data as the SDK hands it out, spelled as on the wire. */
export interface Answer {
  readonly status: number
  readonly data: unknown
  readonly location: string | null
}

/** How one kind of generated SDK is called. Redirects are not followed, refusals are answers too. */
export type Style = (call: Call) => Promise<Answer>

const headerOf = (identity: Identity): Readonly<Record<string, string>> =>
  'header' in identity ? { Authorization: identity.header } : {}

const credentialsOf = (identity: Identity): object => {
  if ('username' in identity) return { username: identity.username, password: identity.password }
  return 'token' in identity ? { accessToken: identity.token } : {}
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const location = (headers: unknown): string | null => text(member(headers, 'location'))

/** openapi-generator's typescript-axios: v1.8 to this day. */
export const axios: Style = async ({ sdk, base, className, method, args, identity, form }) => {
  const configuration = construct(sdk, 'Configuration', [
    { basePath: base, baseOptions: { headers: headerOf(identity) }, ...credentialsOf(identity) },
  ])
  const api = construct(sdk, className, [configuration])
  const body = form === undefined ? {} : { data: new URLSearchParams(form) }
  const options = { maxRedirects: 0, validateStatus: () => true, ...body }
  const response = await invoke(api, method, [...args, options])
  return {
    status: Number(member(response, 'status')),
    data: toWire(member(response, 'data')),
    location: location(member(response, 'headers')),
  }
}

/** openapi-generator's typescript-fetch. Its access token is the whole Authorization header. */
export const fetching: Style = async ({ sdk, base, className, method, args, identity, form }) => {
  const credentials =
    'token' in identity ? { accessToken: `Bearer ${identity.token}` } : credentialsOf(identity)
  const configuration = construct(sdk, 'Configuration', [
    { basePath: base, headers: headerOf(identity), ...credentials },
  ])
  const api = construct(sdk, className, [configuration])
  const overrides = { redirect: 'manual', ...(form !== undefined && { body: new URLSearchParams(form) }) }
  try {
    const answer = await invoke(api, `${method}Raw`, [...args, overrides])
    const status = Number(member(member(answer, 'raw'), 'status'))
    return { status, data: toWire(await invoke(answer, 'value')), location: null }
  } catch (thrown) {
    const response = member(thrown, 'response')
    if (!(response instanceof Response)) throw thrown
    const data: unknown = await response.json().catch(() => undefined)
    return { status: response.status, data, location: response.headers.get('location') }
  }
}

/** openapi-generator's typescript-node on `request`: v1.0 to v1.4. Bodies and answers are in camel case. */
export const requesting: Style = async ({ sdk, base, className, method, args, identity }) => {
  const api = construct(sdk, className, [base])
  Object.assign(api, credentialsOf(identity))
  invoke(api, 'addInterceptor', [
    (options: Record<string, unknown>) => {
      options['followRedirect'] = false
      if (!('header' in identity)) return
      options['headers'] = { ...Object(options['headers']), ...headerOf(identity) }
      options['auth'] = undefined
    },
  ])
  const answer = await Promise.resolve(invoke(api, method, args.map(toCamel))).catch((thrown: unknown) => {
    if (member(thrown, 'statusCode') === undefined) throw thrown
    return thrown
  })
  const response = member(answer, 'response')
  return {
    status: Number(member(response, 'statusCode')),
    data: toWire(member(answer, 'body')),
    location: location(member(response, 'headers')),
  }
}

/** swagger-codegen's javascript on `superagent`, with callbacks: v1.0-beta. */
export const superagent: Style = ({ sdk, base, className, method, args, identity }) => {
  const client = construct(sdk, 'ApiClient')
  Object.assign(client, { basePath: base, defaultHeaders: headerOf(identity) })
  const authentications = member(client, 'authentications')
  const kind = 'username' in identity ? 'basic' : 'oauth2'
  Object.assign(Object(member(authentications, kind)), credentialsOf(identity))
  const api = construct(sdk, className, [client])
  return new Promise((resolve, reject) => {
    const done = (error: unknown, data: unknown, response: unknown): void => {
      const answered = response ?? member(error, 'response')
      if (answered === undefined || (error !== null && member(error, 'response') === undefined)) {
        reject(error)
        return
      }
      const status = Number(member(answered, 'status'))
      resolve({ status, data: toWire(data), location: location(member(answered, 'headers')) })
    }
    invoke(invoke(api, method, [...args, done]), 'redirects', [0])
  })
}
