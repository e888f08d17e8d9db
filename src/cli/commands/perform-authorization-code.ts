import { createHash, randomBytes } from 'node:crypto'
import { listenForAnswer } from '../callback.ts'
import { type Call, defineCommand } from '../command.ts'
import { addressOf, credentialFlags, credentialsOf, sendAs } from '../credentials.ts'
import { refused, usage } from '../failure.ts'
import { list, text, toggle, type Values } from '../flags.ts'
import { openBrowser } from '../open-browser.ts'
import { plain } from '../plain.ts'
import { showTokens } from './token-view.ts'

const flags = {
  ...credentialFlags,
  scope: list('What is asked for; offline,openid without it.', 'SCOPE'),
  audience: list('For whom the token is to be.'),
  prompt: list('login, consent, none, select_account or create.'),
  'max-age': text('How old the login may be; -1, as without it, for any age.', 'SECONDS'),
  'response-mode': text('query or form_post.', 'MODE'),
  state: text('Any value that cannot be guessed; made anew without it.'),
  port: {
    ...text('The port of this machine that the browser comes back to; 4446 without it.', 'PORT'),
    short: 'p',
  },
  redirect: text('The redirect URI; http://127.0.0.1:PORT/callback without it.', 'URI'),
  'auth-url': text('Another authorization endpoint.', 'URL'),
  'token-url': text('Another token endpoint.', 'URL'),
  'no-open': toggle('Open no browser; only print the address.'),
} as const

export const performAuthorizationCode = defineCommand({
  name: 'perform authorization-code',
  about: 'Log in with a browser as an application does, with PKCE, and show the tokens.',
  more: 'The client needs http://127.0.0.1:4446/callback among its redirect URIs.',
  flags,
  examples: ['ladon perform authorization-code --client-id my-app --no-open --scope openid,offline'],
  async run(call) {
    const credentials = await credentialsOf(call)
    const server = call.server()
    const port = portOf(call.flags.port)
    const redirect = call.flags.redirect ?? `http://127.0.0.1:${port}/callback`
    const state = call.flags.state ?? randomText()
    const verifier = randomText()
    const address = addressOf(call.flags['auth-url'] ?? `${server.base}/oauth2/auth`)
    const nonce = randomText()
    for (const [name, value] of parametersOf(call, { id: credentials.id, redirect, state, verifier, nonce }))
      address.searchParams.set(name, value)
    const callback = await listenForAnswer(port, state, address.href)
    try {
      call.terminal.err(`Log in at this address:\n\n  ${address.href}\n`)
      if (!call.flags['no-open']) openBrowser(address.href)
      const answer = await callback.answer
      const form = {
        grant_type: 'authorization_code',
        code: answer.get('code') ?? '',
        redirect_uri: redirect,
        code_verifier: verifier,
      }
      const tokens = await sendAs(server, credentials, {
        path: call.flags['token-url'] ?? '/oauth2/token',
        form,
      })
      checkNonce(tokens['id_token'], nonce)
      return showTokens(tokens)
    } finally {
      callback.close()
    }
  },
})

const randomText = (): string => randomBytes(32).toString('base64url')

function portOf(given: string | undefined): number {
  const port = Number(given ?? 4446)
  if (!(Number.isInteger(port) && port > 0 && port < 65_536))
    throw usage('--port takes a port of this machine.')
  return port
}

/** What a request is made of besides what flags ask for. */
interface Made {
  readonly id: string
  readonly redirect: string
  readonly state: string
  readonly verifier: string
  readonly nonce: string
}

function parametersOf(
  { flags: given }: Call<Values<typeof flags>>,
  made: Made,
): readonly (readonly [string, string])[] {
  const maxAge = given['max-age']
  return [
    ['response_type', 'code'],
    ['client_id', made.id],
    ['redirect_uri', made.redirect],
    ['scope', (given.scope ?? ['offline', 'openid']).join(' ')],
    ['state', made.state],
    ['nonce', made.nonce],
    ['code_challenge', createHash('sha256').update(made.verifier).digest('base64url')],
    ['code_challenge_method', 'S256'],
    ...added('audience', given.audience?.join(' ')),
    ...added('prompt', given.prompt?.join(' ')),
    ...added('max_age', maxAge?.startsWith('-') ? undefined : maxAge),
    ...added('response_mode', given['response-mode']),
  ]
}

const added = (name: string, value: string | undefined): readonly (readonly [string, string])[] =>
  value === undefined ? [] : [[name, value]]

/** Throws CliFailure for an ID token of another request. It came from the server itself (OpenID Connect Core 3.1.3.7). */
function checkNonce(idToken: unknown, nonce: string): void {
  if (typeof idToken !== 'string') return
  const claims = Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8')
  // An encrypted one (five parts) is for the client's key.
  if (idToken.split('.').length === 3 && !claims.includes(nonce))
    throw refused(`The ID token is for another request than this: its nonce is not ${plain(nonce)}.`)
}
