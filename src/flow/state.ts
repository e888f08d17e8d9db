import * as v from 'valibot'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Runtime } from '../runtime.ts'
import { nowSeconds } from '../util/clock.ts'
import type { Json, JsonObject } from '../util/json.ts'
import { jsonObject, jsonValue } from './json-value.ts'
import { openFlow, sealFlow } from './seal.ts'

/**
 * What a flow carries between redirects (format 1). Everything travels as tuples to keep URLs short; items are
 * only ever added at the end, and readers ignore what they do not know.
 */
const text = v.string()
const seconds = v.number()
const texts = v.array(text)

const deviceTuple = v.pipe(
  v.looseTuple([text, text, seconds]),
  v.transform(([owner, id, expiresAt]): DeviceRef => ({ owner, id, expiresAt })),
)
const flowTuple = v.looseTuple([
  text,
  text,
  text,
  seconds,
  text,
  text,
  v.optional(v.nullable(deviceTuple), null),
])

/** The request of a device that a flow answers: its ledger, its id there, and when it ends. */
export interface DeviceRef {
  readonly owner: string
  readonly id: string
  readonly expiresAt: number
}

/** An authorization request on its way: its id is the `consent_request_id`, its sid the future `sid`. */
export interface Flow {
  readonly id: string
  readonly sid: string
  /** Raw query of the authorization request; everything else is read from it again. */
  readonly query: string
  readonly requestedAt: number
  /** H(CSRF cookie, flow id): only the browser that started this step can finish it. */
  readonly csrf: string
  /** Instance of the client that asked: a re-created client does not take over its predecessor's flows. */
  readonly instance: string
  /** Set when a device asked, and no client through the browser. */
  readonly device: DeviceRef | null
}

/** The login epoch of a subject whose sessions were all ended lately: a login sealed without it does not count. */
export interface SeenEpoch {
  readonly owner: string
  readonly epoch: number
}

/** The session that was recognised at the start, if any. */
export interface KnownSession {
  readonly subject: string
  readonly authTime: number
}

export interface LoginState {
  readonly flow: Flow
  readonly known: KnownSession | null
  readonly seen: SeenEpoch | null
}

/** A denial by the login or consent app, in its own words. */
export interface Denial {
  readonly error: string
  readonly description: string
}

export interface LoginAcceptance {
  readonly subject: string
  readonly authTime: number
  readonly remember: boolean
  readonly rememberFor: number
  readonly extend: boolean
  readonly acr: string
  readonly amr: readonly string[]
  readonly context: Json
}

export interface LoginVerdict extends LoginState {
  readonly decision: LoginAcceptance | Denial
}

/** What the consent step knows of the login before it. */
export interface ConsentState {
  readonly flow: Flow
  readonly subject: string
  readonly authTime: number
  readonly epoch: number
  readonly skip: boolean
  readonly acr: string
  readonly amr: readonly string[]
  readonly context: Json
}

export interface ConsentAcceptance {
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly remember: boolean
  readonly rememberFor: number
  readonly handledAt: number
  readonly accessTokenClaims: JsonObject
  readonly idTokenClaims: JsonObject
  readonly context: Json
}

export interface ConsentVerdict extends ConsentState {
  readonly decision: ConsentAcceptance | Denial
}

/** Flow state as it comes back: `expired` state still names the request, so that a fresh start can be offered. */
export interface OpenedFlow<State> {
  readonly state: State
  readonly expired: boolean
  readonly expiresAt: number
}

const fromFlow = (flow: Flow): readonly unknown[] => [
  flow.sid,
  flow.id.slice(18),
  flow.query,
  flow.requestedAt,
  flow.csrf,
  flow.instance,
  ...(flow.device === null ? [] : [[flow.device.owner, flow.device.id, flow.device.expiresAt]]),
]

const toFlow = ([sid, tail, query, requestedAt, csrf, instance, device]: v.InferOutput<
  typeof flowTuple
>): Flow => ({
  id: sid.slice(0, 18) + tail,
  sid,
  query,
  requestedAt,
  csrf,
  instance,
  device,
})

const known = v.nullable(v.object({ subject: text, authTime: seconds }))
const seen = v.optional(v.nullable(v.object({ owner: text, epoch: v.number() })), null)
const denial = v.object({ error: text, description: text })

const loginAcceptance = v.object({
  subject: text,
  authTime: seconds,
  remember: v.boolean(),
  rememberFor: seconds,
  extend: v.boolean(),
  acr: text,
  amr: texts,
  context: jsonValue,
})

const consentRest = v.object({
  subject: text,
  authTime: seconds,
  epoch: v.number(),
  skip: v.boolean(),
  acr: text,
  amr: texts,
  context: jsonValue,
})

const consentAcceptance = v.object({
  scope: texts,
  audience: texts,
  remember: v.boolean(),
  rememberFor: seconds,
  handledAt: seconds,
  accessTokenClaims: jsonObject,
  idTokenClaims: jsonObject,
  context: jsonValue,
})

const formats = {
  login_challenge: v.pipe(
    v.looseTuple([flowTuple, known, seen]),
    v.transform(
      ([flow, session, epoch]): LoginState => ({ flow: toFlow(flow), known: session, seen: epoch }),
    ),
  ),
  login_verifier: v.pipe(
    v.looseTuple([flowTuple, known, seen, v.union([loginAcceptance, denial])]),
    v.transform(
      ([flow, session, epoch, decision]): LoginVerdict => ({
        flow: toFlow(flow),
        known: session,
        seen: epoch,
        decision,
      }),
    ),
  ),
  consent_challenge: v.pipe(
    v.looseTuple([flowTuple, consentRest]),
    v.transform(([flow, rest]): ConsentState => ({ flow: toFlow(flow), ...rest })),
  ),
  consent_verifier: v.pipe(
    v.looseTuple([flowTuple, consentRest, v.union([consentAcceptance, denial])]),
    v.transform(([flow, rest, decision]): ConsentVerdict => ({ flow: toFlow(flow), ...rest, decision })),
  ),
} as const

type Formats = typeof formats
export type FlowKind = keyof Formats
/** State of one kind, as it is opened. */
export type StateOf<Kind extends FlowKind> = v.InferOutput<Formats[Kind]>

/**
 * Seals a login challenge, under 800 characters for an ordinary OpenID Connect request. It always travels whole:
 * nobody has logged in yet, so nothing may be written.
 */
export function sealLogin(rt: Runtime, state: LoginState, expiresAt: number): Promise<string> {
  const { flow, known, seen } = state
  return rt.envelopes.seal(
    'login_challenge',
    [fromFlow(flow), known, ...(seen === null ? [] : [seen])],
    expiresAt,
  )
}

/** Seals the login app's decision. */
export function sealLoginVerdict(rt: Runtime, state: LoginVerdict, expiresAt: number): Promise<string> {
  const { flow, known, seen, decision } = state
  return sealFlow(rt, 'login_verifier', [fromFlow(flow), known, seen, decision], expiresAt)
}

/** Seals a consent challenge. */
export function sealConsent(rt: Runtime, state: ConsentState, expiresAt: number): Promise<string> {
  const { flow, ...rest } = state
  return sealFlow(rt, 'consent_challenge', [fromFlow(flow), rest], expiresAt)
}

/** Seals the consent app's decision. */
export function sealConsentVerdict(rt: Runtime, state: ConsentVerdict, expiresAt: number): Promise<string> {
  const { flow, decision, ...rest } = state
  return sealFlow(rt, 'consent_verifier', [fromFlow(flow), rest, decision], expiresAt)
}

/**
 * Opens flow state of one kind; `undefined` for what was not sealed here as that kind. Throws `server_error`
 * for a payload that opens but does not fit its format: that is our fault, never the caller's.
 */
export async function openState<Kind extends FlowKind>(
  rt: Runtime,
  kind: Kind,
  sealed: string,
): Promise<OpenedFlow<StateOf<Kind>> | undefined> {
  const opened = await openFlow(rt, kind, sealed)
  if (opened === undefined) return undefined
  const parsed = v.safeParse(formats[kind], opened.data)
  if (!parsed.success) throw new OAuthError('server_error')
  const expiresAt = opened.expiresAt ?? 0
  return { state: parsed.output, expired: expiresAt <= nowSeconds(), expiresAt }
}
