import type { TextName } from '../../languages/en.ts'
import type { RelyingParty, Reply } from './relying-party.ts'
import type { Tokens } from './session.ts'

/** A request to the provider by a button of the result page. */
type Ask = (party: RelyingParty, tokens: Tokens) => Promise<Reply>

/** The buttons of the result page that send the provider a request: path, label and request. */
export const ACTIONS: readonly (readonly [name: string, label: TextName, ask: Ask])[] = [
  ['refresh', 'demoRefresh', (party, { refresh_token: token = '' }) => party.refresh(token)],
  ['userinfo', 'demoUserinfo', (party, { access_token: token }) => party.userinfo(token)],
  ['introspect', 'demoIntrospect', (party, { access_token: token }) => party.introspect(token)],
  ['revoke', 'demoRevoke', (party, tokens) => party.revoke(tokens.refresh_token ?? tokens.access_token)],
]
