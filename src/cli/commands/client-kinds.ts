import type { JsonObject } from '../../util/json.ts'

/** What is asked of a client besides its name. */
export type Question = 'redirect-uri' | 'post-logout-callback' | 'scope' | 'audience'

/** A kind of application, with what a client of that kind is registered with. */
export interface ClientKind {
  readonly name: string
  /** What it is, for those who are asked. */
  readonly about: string
  readonly questions: readonly Question[]
  /** Members that no answer changes. */
  readonly members: JsonObject
  readonly scope: string
  /** Example of a redirect URI. */
  readonly redirect?: string
}

const BY_BROWSER: JsonObject = {
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
}

const LOGIN = 'openid offline_access'

/** Every kind of application that `client new` knows. */
export const CLIENT_KINDS: readonly ClientKind[] = [
  {
    name: 'web',
    about: 'a web application with a server, which can keep a secret',
    questions: ['redirect-uri', 'post-logout-callback'],
    members: { ...BY_BROWSER, token_endpoint_auth_method: 'client_secret_basic' },
    scope: LOGIN,
    redirect: 'https://app.example.com/callback',
  },
  {
    name: 'spa',
    about: 'a single-page application, which runs in the browser alone',
    questions: ['redirect-uri', 'post-logout-callback'],
    members: { ...BY_BROWSER, token_endpoint_auth_method: 'none' },
    scope: LOGIN,
    redirect: 'https://app.example.com/callback',
  },
  {
    name: 'native',
    about: 'an application on a phone or a desktop',
    questions: ['redirect-uri'],
    members: { ...BY_BROWSER, token_endpoint_auth_method: 'none' },
    scope: LOGIN,
    redirect: 'com.example.app:/callback',
  },
  {
    name: 'machine',
    about: 'a program without a user, such as a job or a service',
    questions: ['scope', 'audience'],
    members: {
      grant_types: ['client_credentials'],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    scope: '',
  },
  {
    name: 'device',
    about: 'a device without a browser, such as a television or a command line',
    questions: [],
    members: {
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      response_types: [],
      token_endpoint_auth_method: 'none',
    },
    scope: LOGIN,
  },
  {
    name: 'mcp',
    about: 'a client of an MCP server, such as an assistant',
    questions: ['redirect-uri', 'audience'],
    members: { ...BY_BROWSER, token_endpoint_auth_method: 'none' },
    scope: 'offline_access',
    redirect: 'http://127.0.0.1/callback',
  },
]
