import type { DemoSession } from './session.ts'
import type { VerifiedToken } from './verify.ts'

/** Everything the demo's last page shows. */
export interface ResultProps {
  readonly session: DemoSession
  readonly idToken: VerifiedToken | undefined
  /** The access token's content, when it is a JWT. */
  readonly accessToken: VerifiedToken | undefined
  /** Path that the buttons' forms start with. */
  readonly base: string
}

const ACTIONS = [
  ['refresh', 'Refresh'],
  ['userinfo', 'Call userinfo'],
  ['introspect', 'Introspect'],
  ['revoke', 'Revoke'],
  ['logout', 'Log out'],
] as const

/** Tokens, verified claims and what can be done with them. */
export function Result({ session, idToken, accessToken, base }: ResultProps) {
  const { tokens, outcome } = session
  return (
    <>
      {outcome === null ? null : (
        <section class="card" role="status">
          <h2>{outcome.title}</h2>
          {outcome.body === '' ? null : <pre>{outcome.body}</pre>}
        </section>
      )}
      <div class="buttons">
        {ACTIONS.map(([action, label]) => (
          <form method="post" action={`${base}/demo/${action}`}>
            <button type="submit" class={action === 'logout' ? 'plain' : undefined}>
              {label}
            </button>
          </form>
        ))}
      </div>
      {idToken === undefined ? (
        <p>There is no ID token: the scope openid was not granted.</p>
      ) : (
        <TokenContent title="Who logged in: the ID token" token={idToken} />
      )}
      <h2>Tokens</h2>
      <dl>
        <Token
          name={`Access token, ${accessToken === undefined ? 'opaque' : 'JWT'}, good for ${tokens.expires_in} seconds`}
          value={tokens.access_token}
        />
        <Token name="Refresh token" value={tokens.refresh_token} />
        <Token name="ID token" value={tokens.id_token} />
        <dt>Granted scope</dt>
        <dd>
          <code>{tokens.scope}</code>
        </dd>
      </dl>
      {accessToken === undefined ? null : <TokenContent title="The access token" token={accessToken} />}
    </>
  )
}

function TokenContent({ title, token }: { readonly title: string; readonly token: VerifiedToken }) {
  return (
    <section>
      <h2>{title}</h2>
      <ul class="checks">
        {token.checks.map(({ label, ok }) => (
          <li>
            <span class={ok ? 'good' : 'bad'}>{ok ? '✓ verified' : '✗ failed'}</span> {label}
          </li>
        ))}
      </ul>
      <pre class="card">{JSON.stringify(token.claims, null, 2)}</pre>
    </section>
  )
}

function Token({ name, value }: { readonly name: string; readonly value: string | undefined }) {
  return value === undefined ? null : (
    <>
      <dt>{name}</dt>
      <dd>
        <pre>{value}</pre>
      </dd>
    </>
  )
}
