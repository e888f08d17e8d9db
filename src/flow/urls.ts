import type { Config } from '../config/types.ts'

/** Where the browser starts an authorization request, and comes back to (contract 4.2). */
export const authorizeUrl = ({ endpoints, urls }: Config): string =>
  endpoints.authorization ?? `${urls.public}/oauth2/auth`

/** Where a user who was shown a code begins. */
export const verifyUrl = (config: Config): string => `${config.urls.public}/oauth2/device/verify`

/** A request by its query; a device's has no address of its own. */
export interface Requested {
  readonly query: string
  readonly device?: unknown
}

const isDevice = ({ device }: Requested): boolean => device !== undefined && device !== null

/** The request as the login app sees it, and where a fresh start begins (contract 2.2 `request_url`, 3.12). */
export const requestUrl = (config: Config, request: Requested): string =>
  isDevice(request) ? verifyUrl(config) : `${authorizeUrl(config)}?${request.query}`

/** Adds query parameters to an absolute URL, keeping the query it has and its fragment. */
export function withQuery(url: string, parameters: Readonly<Record<string, string>>): string {
  const target = new URL(url)
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value)
  return target.href
}

/** Where the browser continues after login or consent: beside a verifier only `client_id` counts, so URLs stay short. */
export function continueUrl(
  config: Config,
  request: Requested,
  clientId: string,
  verifier: Readonly<Record<string, string>>,
): string {
  const url = isDevice(request) ? verifyUrl(config) : authorizeUrl(config)
  return withQuery(url, { client_id: clientId, ...verifier })
}

/** The same request with `prompt=login`, for a login app that saw another subject than the remembered one. */
export const loginAgainUrl = (config: Config, request: Requested): string =>
  withQuery(requestUrl(config, request), { prompt: 'login' })
