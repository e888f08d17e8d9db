/** A login session as `authorize` sees it. */
export interface SessionView {
  readonly sid: string
  readonly subject: string
  readonly authTime: number
  readonly remember: boolean
}

export interface LoginInput {
  readonly attempt: string
  readonly sid: string
  readonly subject: string
  readonly clientId: string
  readonly instance: string
  /** The client's consent epoch; absent for 0. */
  readonly consentEpoch?: number
  /** The login epoch when the login was accepted. A login from before "end all sessions" is stale. */
  readonly epoch: number
  readonly authTime: number
  readonly remember: boolean
  /** True when an existing session was recognised: it must still be there, and nothing is created. */
  readonly skip: boolean
  /** New end of the session; for `skip`, null leaves it as it is (`extend_session_lifespan`). */
  readonly expiresAt: number | null
  /** Until when anything sealed in this flow lives, its code included: an ended session is remembered that long. */
  readonly flowExpiresAt: number
  /** A session of the same owner that this login replaces, if any. */
  readonly replaces: string | null
}

/** An earlier consent, which lets one within its scopes be skipped. */
export interface RememberedConsent {
  readonly id: string
  readonly scope: readonly string[]
}

export type LoginResult =
  | {
      readonly status: 'active'
      /** Sealed into the consent challenge; compared when the grant is committed. */
      readonly epoch: number
      readonly remembered: RememberedConsent | null
    }
  | { readonly status: 'ended' }
  /** All sessions of the subject were ended since the login was accepted: log in again. */
  | { readonly status: 'stale' }

export interface EndSessionsInput {
  readonly attempt: string
  /** One session, or all; with `onlyEnded` an open one is left alone, and nothing is told of it. */
  readonly target: { readonly sid: string; readonly onlyEnded?: boolean } | 'all'
  readonly flowLifetime: number
  /** Whether the sessions' clients are told; not when a new login takes a session's place. */
  readonly notify: boolean
  /** Whether the sessions' tokens are revoked. */
  readonly revoke: boolean
}

/** A client that wants to know of a session's end. */
export interface LogoutRecipient {
  readonly client: string
  /** Instance of the client that was given a grant: another one of its id is not told. */
  readonly instance: string
  /** As the client knows them. */
  readonly subject: string
  readonly sid: string
}

/** One that is still to be told of it (OIDC Back-Channel Logout 1.0). */
export interface Notice extends LogoutRecipient {
  /** `jti` of the logout token, the same at every try. */
  readonly id: string
}

export interface EndedSessions {
  readonly ended: readonly string[]
  readonly notices: readonly Notice[]
  /** Clients of the sessions in question, whoever ended them and when. */
  readonly told: readonly LogoutRecipient[]
  /** Grants that were revoked with their session. */
  readonly revoked: readonly string[]
}
