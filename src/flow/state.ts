import * as v from 'valibot'
import { JURISDICTIONS, type Jurisdiction, LOCATIONS, type Location } from '../config/residency.ts'
import { tuple } from '../crypto/tuple.ts'
import { isOwner, type Owner, ownerOf } from '../ledger/owner.ts'
import type { Seconds } from '../util/clock.ts'
import { type GrantId, grantIdOf, type Sid } from '../util/ids.ts'
import type { Json, JsonObject } from '../util/json.ts'
import { jsonObject, jsonValue } from '../util/json-value.ts'
import { grantId, sid, time } from '../util/schema.ts'
import { type Apart, flowKind } from './seal.ts'

/**
 * What a flow carries between redirects (format 1). Everything travels as tuples to keep URLs short. Items are only
 * ever added at the end, and readers ignore items that they do not know.
 */
const text = v.string()
const texts = v.array(text)

/** A request that waits for the outcome of a flow: its channel, its ledger, its id there, and when it expires. */
export interface PendingRequest {
  readonly channel: string
  readonly owner: Owner
  readonly id: string
  readonly expiresAt: Seconds
}

/** An authorization request in progress: `id` is the `consent_request_id`, `sid` the future `sid`. */
export interface Flow {
  readonly id: GrantId
  readonly sid: Sid
  /** Raw query of the authorization request; everything else is read from it. */
  readonly query: string
  readonly requestedAt: Seconds
  /** H(CSRF cookie, flow id), so that only the browser that started this step can finish it. */
  readonly csrf: string
  /** Instance of the client: a client that is re-created under the same id does not take over these flows. */
  readonly instance: string
  /** Null if the client itself sent the browser and gets the answer through it. */
  readonly pending: PendingRequest | null
  /** Consent epoch of the client: if the client changed its addresses since, the flow starts again. */
  readonly consentEpoch: number
  /** Whether the query comes from a request object that the client signed. */
  readonly signed: boolean
  /** How many characters at the end of the query the client signed; 0 if it did not. */
  readonly signedTail: number
  /** Where the ledgers of session and user are. It stays so if the setting changes before the flow ends. */
  readonly jurisdiction: Jurisdiction
  /** Near what the user's ledger should be if this is its first login; null for any place. */
  readonly location: Location | null
}

/** Returns the ledger of the user who logged in in a flow. */
export const ownerIn = ({ jurisdiction }: Flow, subject: string): Owner =>
  ownerOf('subject', subject, jurisdiction)

/** The session that was recognised at the start of the flow. */
export interface KnownSession {
  readonly subject: string
  readonly authTime: Seconds
}

export interface LoginState {
  readonly flow: Flow
  readonly known: KnownSession | null
}

/** A denial by the login or consent app, in the app's words. */
export interface Denial {
  readonly error: string
  readonly description: string
}

export interface LoginAcceptance {
  readonly subject: string
  readonly authTime: Seconds
  /** The subject's login epoch at the time of the decision: ending all sessions later makes the login stale. */
  readonly epoch: number
  readonly remember: boolean
  readonly rememberFor: Seconds
  readonly extend: boolean
  /** Identifier of the subject for pairwise clients, as the login app chose it; empty if it chose none. */
  readonly forcedSubject: string
  readonly acr: string
  readonly amr: readonly string[]
  readonly context: Json
  /** The identity provider's id of its session, which ends with ours; empty for none. */
  readonly providerSession: string
}

export interface LoginVerdict extends LoginState {
  readonly decision: LoginAcceptance | Denial
}

/** What the consent step knows of the login. */
export interface ConsentState {
  readonly flow: Flow
  readonly subject: string
  readonly authTime: Seconds
  readonly epoch: number
  /** The remembered consent that makes asking the app again unnecessary; null if there is none. */
  readonly restsOn: GrantId | null
  readonly forcedSubject: string
  readonly acr: string
  readonly amr: readonly string[]
  readonly context: Json
}

export interface ConsentAcceptance {
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly remember: boolean
  readonly rememberFor: Seconds
  readonly handledAt: Seconds
  readonly accessTokenClaims: JsonObject
  readonly idTokenClaims: JsonObject
  readonly context: Json
}

export interface ConsentVerdict extends ConsentState {
  readonly decision: ConsentAcceptance | Denial
}

const nested = v.custom<readonly unknown[]>(Array.isArray)
const pendingFormat = tuple({
  owner: v.custom<Owner>(isOwner),
  id: text,
  expiresAt: time,
  channel: v.nullish(text, 'device'),
})
const flowFormat = tuple({
  sid,
  tail: text,
  query: text,
  requestedAt: time,
  csrf: text,
  instance: text,
  pending: v.nullish(nested, null),
  consentEpoch: v.nullish(v.number(), null),
  // Whether, or how many characters at the end of the query.
  signed: v.nullish(v.union([v.boolean(), v.number()]), null),
  jurisdiction: v.nullish(v.picklist(JURISDICTIONS), null),
  location: v.nullish(v.picklist(LOCATIONS), null),
})

function fromFlow(flow: Flow): readonly unknown[] {
  const pending = flow.pending === null ? null : pendingFormat.write(flow.pending)
  // Few flows have these, and a null at the end takes no room in a URL.
  const [consentEpoch, signed] = [flow.consentEpoch || null, flow.signed ? flow.signedTail || true : null]
  const jurisdiction = flow.jurisdiction === 'none' ? null : flow.jurisdiction
  return flowFormat.write({ ...flow, tail: flow.id.slice(18), pending, consentEpoch, signed, jurisdiction })
}

function toFlow(data: readonly unknown[]): Flow {
  const { tail, pending, consentEpoch, signed, jurisdiction, ...flow } = flowFormat.read(data)
  const id = grantIdOf(flow.sid.slice(0, 18) + tail)
  return {
    ...flow,
    id,
    pending: pending === null ? null : pendingFormat.read(pending),
    consentEpoch: consentEpoch ?? 0,
    signed: Boolean(signed),
    signedTail: typeof signed === 'number' ? signed : 0,
    jurisdiction: jurisdiction ?? 'none',
  }
}

const denial = v.object({ error: text, description: text })

const login = {
  flow: nested,
  known: v.nullish(v.object({ subject: text, authTime: time }), null),
}

/** What the login app said about the user, as it travels to the end of the consent step. */
const userFields = {
  subject: text,
  authTime: time,
  forcedSubject: v.nullish(text, ''),
  acr: text,
  amr: texts,
  context: jsonValue,
}

const loginAcceptance = v.object({
  ...userFields,
  epoch: v.number(),
  remember: v.boolean(),
  rememberFor: time,
  extend: v.boolean(),
  providerSession: v.nullish(text, ''),
})

const consent = {
  flow: nested,
  rest: v.object({ ...userFields, epoch: v.number(), restsOn: v.nullable(grantId) }),
}

const consentAcceptance = v.object({
  scope: texts,
  audience: texts,
  remember: v.boolean(),
  rememberFor: time,
  handledAt: time,
  accessTokenClaims: jsonObject,
  idTokenClaims: jsonObject,
  context: jsonValue,
})

const loginTuple = tuple(login)
const loginVerdictTuple = tuple({ ...login, decision: v.union([loginAcceptance, denial]) })
const consentTuple = tuple(consent)
const consentVerdictTuple = tuple({ ...consent, decision: v.union([consentAcceptance, denial]) })

/**
 * Restores a step from its sealed form: rebuilds the flow, and flattens the members that consent steps keep by name.
 */
const whole = <Step extends object, Rest extends object>({
  flow,
  rest,
  ...step
}: Step & { readonly flow: readonly unknown[]; readonly rest: Rest }) => ({
  ...rest,
  ...step,
  flow: toFlow(flow),
})

/** What a client signed is stored by itself, so that the same request, sent a thousand times, is stored once. */
const signedPart = <State extends { readonly flow: Flow }>(): Apart<State> => ({
  of: ({ flow }) => ({ text: flow.query, tail: flow.signedTail }),
  replace: (state, query) => ({ ...state, flow: { ...state.flow, query } }),
})

/**
 * A request that the login app has to decide on; under 800 characters for an ordinary OpenID Connect request. It always
 * travels whole, because nobody has logged in yet and nothing may be written for a stranger. Only what a client signed
 * may go to a ledger.
 */
export const loginChallenge = flowKind<LoginState>(
  'login_challenge',
  {
    write: (state) => loginTuple.write({ ...state, flow: fromFlow(state.flow) }),
    read: (data) => whole({ ...loginTuple.read(data), rest: {} }),
  },
  { apart: signedPart(), stores: false },
)

/** The login app's decision. */
export const loginVerifier = flowKind<LoginVerdict>(
  'login_verifier',
  {
    write: (state) => loginVerdictTuple.write({ ...state, flow: fromFlow(state.flow) }),
    read: (data) => whole({ ...loginVerdictTuple.read(data), rest: {} }),
  },
  { apart: signedPart() },
)

/** A request that the consent app has to decide on. */
export const consentChallenge = flowKind<ConsentState>(
  'consent_challenge',
  {
    write: ({ flow, ...rest }) => consentTuple.write({ flow: fromFlow(flow), rest }),
    read: (data) => whole(consentTuple.read(data)),
  },
  { apart: signedPart() },
)

/** The consent app's decision. */
export const consentVerifier = flowKind<ConsentVerdict>(
  'consent_verifier',
  {
    write: ({ flow, decision, ...rest }) =>
      consentVerdictTuple.write({ flow: fromFlow(flow), rest, decision }),
    read: (data) => whole(consentVerdictTuple.read(data)),
  },
  { apart: signedPart() },
)
