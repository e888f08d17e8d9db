import type { Config } from '../config/types.ts'

/** Where the browser starts an authorization request: the public URL's authorize endpoint. */
export const authorizeUrl = (config: Config): string => `${config.urls.public}/oauth2/auth`

/** The request as the login app sees it, and where a fresh start begins (contract 2.2 `request_url`). */
export const requestUrl = (config: Config, query: string): string => `${authorizeUrl(config)}?${query}`

/** Adds query parameters to an absolute URL, keeping the query it has and its fragment. */
export function withQuery(url: string, parameters: Readonly<Record<string, string>>): string {
  const target = new URL(url)
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value)
  return target.href
}

/** Where the browser continues after login or consent: beside a verifier only `client_id` counts, so URLs stay short. */
export function continueUrl(
  config: Config,
  clientId: string,
  verifier: Readonly<Record<string, string>>,
): string {
  return withQuery(authorizeUrl(config), { client_id: clientId, ...verifier })
}

/** The same request with `prompt=login`, for a login app that saw another subject than the remembered one. */
export function loginAgainUrl(config: Config, query: string): string {
  const parameters = new URLSearchParams(query)
  parameters.set('prompt', 'login')
  return requestUrl(config, parameters.toString())
}
