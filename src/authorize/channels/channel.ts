import type { Context } from 'hono'
import { listsGrantType } from '../../clients/grant-types.ts'
import { audienceIn, resourcesIn } from '../../clients/resource.ts'
import type { Config } from '../../config/types.ts'
import type { AppEnv, RequestContext } from '../../context.ts'
import { accessDenied, invalidGrant, OAuthError } from '../../errors/oauth-error.ts'
import type { ConsentAcceptance, Denial, PendingRequest } from '../../flow/state.ts'
import type { CsrfStep } from '../../http/cookies.ts'
import { Parameters, readEntries } from '../../http/form.ts'
import type { ConsentedGrant, GrantInput } from '../../ledger/types.ts'
import type { Profile } from '../../profiles/profile.ts'
import { nowSeconds } from '../../util/clock.ts'
import { checkLimits } from '../check-limits.ts'
import type { FlowRequest, Given, Requested } from '../request.ts'

/** What a grant was made from, and when its code ends (seconds since the epoch). */
export interface Granted {
  readonly grant: ConsentedGrant
  readonly input: GrantInput
  readonly codeExpiresAt: number
}

/** Answers whoever asked after the grant was made, and the browser; `undefined` when it is too late for that. */
export type Approve = (c: Context<AppEnv>, granted: Granted) => Promise<Response | undefined>

/** An error on its way to whoever is told it. */
export type Tell = (c: Context<AppEnv>, error: OAuthError) => Promise<Response>

/** What one channel does its own way. `Own` is what its requests have beside what all have. */
export interface ChannelRules<Own> {
  /** As it is sealed into flows and kept with grants. */
  readonly name: string
  /** The grant type without which a client has no such requests; null where other rules say so. */
  readonly grantType: string | null
  /** The parameters that count in such a request: any other is passed over. */
  readonly parameters: readonly string[] | 'all'
  /** Where the browser comes back to after login or consent, with nothing but a verifier and `client_id`. */
  entryUrl(config: Config): string
  /** Where a fresh start begins: the request as the apps see it (contract 2.2 `request_url`). */
  startUrl(config: Config, query: string): string
  /** Finds where answers go. What it throws has no way to whoever asked: the browser is shown it. */
  address(given: Given, pending: PendingRequest | null): Own
  /** The rules of its own, in order: the first failure wins. Scope and audience are judged before them, on every channel. */
  readonly checks: readonly ((request: Requested & Own) => void)[]
  /** Tells an error: at the client, or by throwing it to the browser. */
  tell(c: Context<AppEnv>, own: Own, error: OAuthError): Promise<Response>
  /** Settles a denial by the login or consent app. */
  deny(c: Context<AppEnv>, request: Requested & Own, denial: Denial, step: CsrfStep): Promise<Response>
  /** Whether a denial counts only from the browser that began the flow, and in time: where it ends more than the flow. */
  readonly denialIsBound: boolean
  /** Refuses what can be refused before anything is written (contract 3.6), and gives what answers an approval. */
  approver(ctx: RequestContext, request: Requested & Own, decision: ConsentAcceptance): Promise<Approve>
  /** When the request itself ends, in seconds since the epoch; null where only its flow does. */
  expiresAt(request: Own): number | null
  /** Seconds that its code lives. */
  codeLifetime(request: Requested & Own): number
  /** Seconds that an access token lives which goes out with the answer; 0 for none. */
  tokenLifetime(request: Requested & Own): number
  /** Whether another than the client could get the answer by its client id alone (contract 3.5). */
  isImpersonable(request: Own): boolean
}

/** A channel as one request has it. */
export interface RequestChannel {
  readonly name: string
  readonly pending: PendingRequest | null
  /** Where a fresh start of this request begins. */
  readonly startUrl: string
  readonly codeLifetime: number
  readonly tokenLifetime: number
  readonly isImpersonable: boolean
  readonly approver: (ctx: RequestContext, decision: ConsentAcceptance) => Promise<Approve>
  readonly tell: Tell
  /** @param refusal - what is wrong with this browser, if anything is */
  readonly deny: (
    c: Context<AppEnv>,
    denial: Denial,
    step: CsrfStep,
    refusal: OAuthError | undefined,
  ) => Promise<Response>
  /** The refusal of a request that has ended. */
  readonly expiry: () => OAuthError | undefined
}

/** A request that passed; or the error, and the way it is told. */
export type Validation =
  | { readonly request: FlowRequest; readonly error?: undefined }
  | { readonly error: OAuthError; readonly tell: Tell }

/** Who asks for a grant, and how it is answered. */
export interface Channel extends Pick<ChannelRules<unknown>, 'name' | 'entryUrl' | 'startUrl'> {
  /** The parameters of a query that count on this channel; throws `invalid_request` on a repeated one. */
  read(query: string, profile: Profile): Parameters
  /** Judges a request: the first rule that it breaks is the error. Throws only what is no refusal. */
  judge(given: Given, pending: PendingRequest | null): Validation
}

/** Where an error goes that has no way to whoever asked: to the browser, by the endpoint. */
export const tellBrowser: Tell = async (_c, error) => {
  throw error
}

/**
 * Defines a channel. What all have in common is done here, so that none can forget it: the client may ask this way and
 * for this much, errors and denials are logged, what has ended is refused.
 */
export const defineChannel = <Own extends object>(rules: ChannelRules<Own>): Channel => ({
  name: rules.name,
  entryUrl: rules.entryUrl,
  startUrl: rules.startUrl,
  read: (query, { repeatable }) => {
    const { parameters } = rules
    const entries = readEntries(query)
    const counting = parameters === 'all' ? entries : entries.filter(([name]) => parameters.includes(name))
    return new Parameters(counting, repeatable)
  },
  judge: (given, pending) => {
    let tell = tellBrowser
    try {
      const own = rules.address(given, pending)
      tell = telling(rules, own)
      const requested = { ...given, ...listsOf(given.parameters) }
      const request = { ...requested, ...own }
      checkGrantType(rules, requested)
      checkLimits(requested)
      for (const check of rules.checks) check(request)
      return { request: { ...requested, channel: bind(rules, request, tell, pending) } }
    } catch (thrown) {
      if (!(thrown instanceof OAuthError)) throw thrown
      return { error: thrown, tell }
    }
  },
})

const listsOf = (parameters: Parameters): Pick<Requested, 'scope' | 'audience' | 'resources' | 'prompt'> => ({
  scope: parameters.scopes(),
  audience: audienceIn(parameters),
  resources: resourcesIn(parameters),
  prompt: parameters.list('prompt'),
})

function checkGrantType({ grantType }: { readonly grantType: string | null }, { client }: Requested): void {
  if (grantType === null || listsGrantType(client, grantType)) return
  throw invalidGrant('grant_type_not_allowed', { grant_type: grantType })
}

const telling =
  <Own>(rules: ChannelRules<Own>, own: Own): Tell =>
  async (c, error) => {
    c.var.ctx.refused(error)
    return rules.tell(c, own, error)
  }

const bind = <Own extends object>(
  rules: ChannelRules<Own>,
  request: Requested & Own,
  tell: Tell,
  pending: PendingRequest | null,
): RequestChannel => ({
  name: rules.name,
  pending,
  startUrl: rules.startUrl(request.config, request.query),
  codeLifetime: rules.codeLifetime(request),
  tokenLifetime: rules.tokenLifetime(request),
  isImpersonable: rules.isImpersonable(request),
  approver: (ctx, decision) => rules.approver(ctx, request, decision),
  tell,
  deny: async (c, denial, step, refusal) => {
    if (rules.denialIsBound && refusal !== undefined) throw refusal
    c.var.ctx.refused(accessDenied('app_denied', { step }))
    return rules.deny(c, request, denial, step)
  },
  expiry: () =>
    (rules.expiresAt(request) ?? Number.POSITIVE_INFINITY) > nowSeconds()
      ? undefined
      : new OAuthError('expired_token', 'device_code_expired'),
})
