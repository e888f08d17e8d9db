const UNKNOWN = 'it refuses members that it does not know, which later clients read'
const NUMBER = 'it takes an ID token for a number, so that it reads the tokens of no server'

const unknown = (...members: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(members.map((member) => [member, UNKNOWN]))

/**
 * What a release cannot read of Ladon's answers, and why that stays so; it reads all else. By release, then by kind of
 * document and member, `*` for any.
 */
export const unreadable: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // What v1.11 has and v1.9 had not; discard_unknown_keys lets it read all of it.
  'python-1.9.2': unknown(
    'discovery *',
    'userinfo *',
    'client authorization_code_grant_access_token_lifespan',
    'client refresh_token_grant_access_token_lifespan',
    'client registration_access_token',
    'client registration_client_uri',
    'client skip_consent',
    'clients authorization_code_grant_access_token_lifespan',
    'clients refresh_token_grant_access_token_lifespan',
    'logoutRequest challenge',
    'logoutRequest client',
  ),
  'python-2.0.2': { 'token id_token': NUMBER },
  'python-2.1.1': { 'token id_token': NUMBER },
  // It calls the paths of v2, which answer as Hydra's newest does.
  'java-2.0.2': {
    ...unknown('discovery *', 'userinfo *', 'registration *', 'client *', 'clients *', 'loginRequest *'),
    ...unknown('consentRequest *', 'consentSessions *', 'logoutRequest *'),
    'token id_token': NUMBER,
  },
}
