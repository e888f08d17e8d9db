import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isJsonObject, type Json, type JsonObject } from '../../util/json.ts'
import type { Call } from '../command.ts'
import { usage } from '../failure.ts'
import { type AnyValues, type Flag, type Flags, list, text, toggle } from '../flags.ts'
import { plain } from '../plain.ts'

/** Flags for a client's members, by Hydra's names: the member, what it is, and what a new client has without the flag. */
const FIELDS: Readonly<Record<string, readonly [member: string, flag: Flag, without?: string]>> = {
  name: ['client_name', text('What people are shown.')],
  'redirect-uri': ['redirect_uris', list('Where users come back to.', 'URI')],
  'grant-type': ['grant_types', list('What it may do.'), 'authorization_code'],
  'response-type': ['response_types', list('What it may ask for.'), 'code'],
  scope: ['scope', list('What it may ask for at most.', 'SCOPE')],
  audience: ['audience', list('For whom its tokens may be.')],
  'token-endpoint-auth-method': [
    'token_endpoint_auth_method',
    text('client_secret_basic, client_secret_post, private_key_jwt or none.', 'METHOD'),
    'client_secret_basic',
  ],
  'jwks-uri': ['jwks_uri', text('Where its keys are.', 'URL')],
  'post-logout-callback': ['post_logout_redirect_uris', list('Where users come to after a logout.', 'URI')],
  'allowed-cors-origin': [
    'allowed_cors_origins',
    list('Pages that may call the server from a browser.', 'ORIGIN'),
  ],
  'access-token-strategy': ['access_token_strategy', text('opaque or jwt.')],
  'subject-type': ['subject_type', text('public or pairwise.'), 'public'],
  'sector-identifier-uri': ['sector_identifier_uri', text('The sector of pairwise subjects.', 'URL')],
  'skip-consent': ['skip_consent', toggle('Ask nobody for consent: for applications of your own.')],
  'skip-logout-consent': ['skip_logout_consent', toggle('Ask nobody whether to log out.')],
  'backchannel-logout-callback': ['backchannel_logout_uri', text('Is told of logouts by the server.', 'URL')],
  'backchannel-logout-session-required': [
    'backchannel_logout_session_required',
    toggle('With the id of the session.'),
  ],
  'frontchannel-logout-callback': ['frontchannel_logout_uri', text('Is told of logouts in a frame.', 'URL')],
  'frontchannel-logout-session-required': [
    'frontchannel_logout_session_required',
    toggle('With the id of the session.'),
  ],
  'request-object-signing-alg': [
    'request_object_signing_alg',
    text('How its request objects are signed.', 'ALG'),
  ],
  'request-uri': ['request_uris', list('Where its request objects may be.', 'URL')],
  owner: ['owner', text('Whose it is.')],
  contact: ['contacts', list('Whom to write to.')],
  'client-uri': ['client_uri', text('Its page.', 'URL')],
  'logo-uri': ['logo_uri', text('Its logo.', 'URL')],
  'policy-uri': ['policy_uri', text('Its privacy policy.', 'URL')],
  'tos-uri': ['tos_uri', text('Its terms of service.', 'URL')],
  metadata: ['metadata', text('Any JSON object of yours.', 'JSON')],
}

const SECRET = text(
  'Its secret; "-" reads it from the standard input. Others on this machine can read arguments.',
)

const flagsOf = (shown: (flag: Flag, without: string | undefined) => Flag): Flags => ({
  ...Object.fromEntries(
    Object.entries(FIELDS).map(([name, [, flag, without]]) => [name, shown(flag, without)]),
  ),
  secret: SECRET,
  file: text('Take the whole client from this JSON file; "-" is the standard input.', 'FILE'),
})

/** The flags of the command that changes a client. */
export const changeFlags: Flags = flagsOf((flag) => flag)

/** The flags of the command that makes a client, which say what it has without them. */
export const createFlags: Flags = flagsOf((flag, without) =>
  without === undefined ? flag : { ...flag, about: `${flag.about} Without it: ${without}.` },
)

/** Returns the members that flags give. Throws CliFailure for metadata that is no JSON object. */
export async function membersGiven({
  flags,
  terminal,
}: Pick<Call, 'flags' | 'terminal'>): Promise<JsonObject> {
  const given = Object.entries(FIELDS).flatMap(([name, [member]]) => {
    const value = flags[name]
    return value === undefined ? [] : [[member, memberOf(name, value)] as const]
  })
  const secret = flags['secret'] === '-' ? (await terminal.input()).trim() : flags['secret']
  return Object.fromEntries([
    ...given,
    ...(typeof secret === 'string' ? [['client_secret', secret] as const] : []),
  ])
}

function memberOf(name: string, value: NonNullable<AnyValues[string]>): Json {
  if (name === 'scope') return [value].flat().join(' ')
  if (name !== 'metadata') return value
  const metadata = parsed(String(value), '--metadata')
  if (!isJsonObject(metadata)) throw usage('--metadata takes a JSON object.')
  return metadata
}

/** Returns the JSON of a file, or of the standard input for `-`. Throws CliFailure if it cannot be read. */
export async function jsonFrom(file: string, { terminal }: Pick<Call, 'terminal'>): Promise<unknown> {
  return parsed(await textFrom(file, { terminal }), file === '-' ? 'The standard input' : plain(file))
}

/** As `jsonFrom`, for text. */
export async function textFrom(file: string, { terminal }: Pick<Call, 'terminal'>): Promise<string> {
  if (file === '-') return terminal.input()
  return readFile(resolve(terminal.folder, file), 'utf8').catch((thrown: unknown) => {
    const why = thrown instanceof Error && 'code' in thrown ? ` (${thrown.code})` : ''
    throw usage(`${plain(file)} cannot be read${why}.`)
  })
}

function parsed(content: string, what: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    throw usage(`${what} is no JSON.`)
  }
}
