import * as v from 'valibot'
import { tuple } from '../crypto/tuple.ts'
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
  /** Identifier that the login app wants pairwise clients to know the subject by; empty for none. */
  readonly forced: string
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
  readonly forced: string
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

const nested = v.custom<readonly unknown[]>(Array.isArray)
const deviceFormat = tuple({ owner: text, id: text, expiresAt: seconds })
const flowFormat = tuple({
  sid: text,
  tail: text,
  query: text,
  requestedAt: seconds,
  csrf: text,
  instance: text,
  device: v.nullish(nested, null),
})

function fromFlow(flow: Flow): readonly unknown[] {
  const device = flow.device === null ? null : deviceFormat.write(flow.device)
  const data = flowFormat.write({ ...flow, tail: flow.id.slice(18), device })
  return device === null ? data.slice(0, -1) : data
}

function toFlow(data: readonly unknown[]): Flow {
  const { tail, device, ...flow } = flowFormat.read(data)
  const id = flow.sid.slice(0, 18) + tail
  return { ...flow, id, device: device === null ? null : deviceFormat.read(device) }
}

const denial = v.object({ error: text, description: text })

const login = {
  flow: nested,
  known: v.nullish(v.object({ subject: text, authTime: seconds }), null),
  seen: v.nullish(v.object({ owner: text, epoch: seconds }), null),
}

const loginAcceptance = v.object({
  subject: text,
  authTime: seconds,
  remember: v.boolean(),
  rememberFor: seconds,
  extend: v.boolean(),
  forced: v.nullish(text, ''),
  acr: text,
  amr: texts,
  context: jsonValue,
})

const consent = {
  flow: nested,
  rest: v.object({
    subject: text,
    authTime: seconds,
    epoch: seconds,
    skip: v.boolean(),
    forced: v.nullish(text, ''),
    acr: text,
    amr: texts,
    context: jsonValue,
  }),
}

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
  login_challenge: tuple(login),
  login_verifier: tuple({ ...login, decision: v.union([loginAcceptance, denial]) }),
  consent_challenge: tuple(consent),
  consent_verifier: tuple({ ...consent, decision: v.union([consentAcceptance, denial]) }),
}

interface States {
  readonly login_challenge: LoginState
  readonly login_verifier: LoginVerdict
  readonly consent_challenge: ConsentState
  readonly consent_verifier: ConsentVerdict
}

export type FlowKind = keyof States

/** State of one kind, as it is opened. */
export type StateOf<Kind extends FlowKind> = States[Kind]

const whole = <Rest extends object>({ flow, ...rest }: Rest & { readonly flow: readonly unknown[] }) => ({
  ...rest,
  flow: toFlow(flow),
})

const readers: { readonly [Kind in FlowKind]: (data: unknown) => States[Kind] } = {
  login_challenge: (data) => whole(formats.login_challenge.read(data)),
  login_verifier: (data) => whole(formats.login_verifier.read(data)),
  consent_challenge: (data) => {
    const { rest, ...state } = whole(formats.consent_challenge.read(data))
    return { ...rest, ...state }
  },
  consent_verifier: (data) => {
    const { rest, ...state } = whole(formats.consent_verifier.read(data))
    return { ...rest, ...state }
  },
}

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
  const expiresAt = opened.expiresAt ?? 0
  return { state: readers[kind](opened.data), expired: expiresAt <= nowSeconds(), expiresAt }
}
