import type { Context } from 'hono'
import { listsGrantType } from '../../clients/grant-types.ts'
import { audienceIn, resourcesIn } from '../../clients/resource.ts'
import type { Config } from '../../config/types.ts'
import type { AppEnv, RequestContext } from '../../context.ts'
import { accessDenied, invalidGrant, OAuthError } from '../../errors/oauth-error.ts'
import type { ConsentAcceptance, Denial, PendingRequest } from '../../flow/state.ts'
import type { CsrfStep } from '../../http/cookies.ts'
import { Parameters, readEntries } from '../../http/form.ts'
import type { Owner } from '../../ledger/owner.ts'
import type { ConsentedGrant, GrantInput } from '../../ledger/types.ts'
import type { Profile } from '../../profiles/profile.ts'
import type { ClientRecord } from '../../store/types.ts'
import { nowSeconds, type Seconds } from '../../util/clock.ts'
import { rfc3339 } from '../../util/rfc3339.ts'
import { checkAudience, checkScope } from '../check-limits.ts'
import type { DryRun } from '../dry-run.ts'
import type { FlowRequest, Given, Requested } from '../request.ts'

/** A grant, what it was made from, and when its code expires (seconds since the epoch). */
export interface Granted {
  readonly grant: ConsentedGrant
  readonly input: GrantInput
  readonly codeExpiresAt: Seconds
}

/** Where a denial came. */
export interface Denied {
  readonly step: CsrfStep
  /** The ledger of the user who said no, if that is known by now. */
  readonly owner: Owner | undefined
}

/** Answers the requesting party and the browser after the grant was made; `undefined` if it is too late. */
export type Approve = (c: Context<AppEnv>, granted: Granted) => Promise<Response | undefined>

/** Sends an error to the party that this channel reports to. */
export type Tell = (c: Context<AppEnv>, error: OAuthError) => Promise<Response>

/** A check, and the name of what it is about. */
export type Named<Request> = readonly [name: string, check: (request: Request) => void]

/**
 * What is particular to one channel. `Own` holds the members of its requests that other channels' requests do not have.
 */
export interface ChannelRules<Own> {
  /** Name of the channel in flows and stored grants. */
  readonly name: string
  /** The grant type that a client needs to use this channel; null if other rules decide that. */
  readonly grantType: string | null
  /** The parameters that such a request may have; others are ignored. */
  readonly parameters: readonly string[] | 'all'
  /** Where the browser returns after login or consent, with only a verifier and `client_id`. */
  entryUrl(config: Config): string
  /** Where the flow starts again: the request as the apps see it (contract 2.2 `request_url`). */
  startUrl(config: Config, query: string): string
  /** Where the browser takes the answer to a request that passed; `undefined` if the requesting party asks for it. */
  redirectUri(query: string, client: ClientRecord): string | undefined
  /**
   * Finds where answers go. Its errors are shown in the browser, because there is no way yet to the requesting party.
   */
  address(given: Given, pending: PendingRequest | null): Own
  /**
   * The channel's own checks, in order, each with the name of what it is about; the first failure is the answer. Scope
   * and audience are checked before them, on every channel.
   */
  readonly checks: readonly Named<Requested & Own>[]
  /** What a dry run goes on with if `address` refuses the request; absent, or `undefined`, if it ends there. */
  presume?(given: Given): Own | undefined
  /** Reports an error: sends it to the client, or throws it to the browser. */
  tell(c: Context<AppEnv>, own: Own, error: OAuthError): Promise<Response>
  /** Answers a denial by the login or consent app. */
  deny(c: Context<AppEnv>, request: Requested & Own, denial: Denial, at: Denied): Promise<Response>
  /**
   * Whether a denial takes effect only from the browser that began the flow and before it expires. True if a denial
   * ends more than the flow.
   */
  readonly denialIsBound: boolean
  /**
   * Refuses what can be refused before anything is written (contract 3.6), and returns the function that answers an
   * approval.
   */
  approver(ctx: RequestContext, request: Requested & Own, decision: ConsentAcceptance): Promise<Approve>
  /** When the request itself expires, in seconds since the epoch; null if only its flow does. */
  expiresAt(request: Own): Seconds | null
  /** Lifetime of its code, in seconds. */
  codeLifetime(request: Requested & Own): Seconds
  /** Lifetime of an access token in the answer itself, in seconds; 0 if there is none. */
  tokenLifetime(request: Requested & Own): Seconds
  /** Whether another app could get the answer just by using the client's id (contract 3.5). */
  isImpersonable(request: Own): boolean
}

/** A channel bound to one request. */
export interface RequestChannel {
  readonly name: string
  readonly pending: PendingRequest | null
  /** Where the flow of this request starts again. */
  readonly startUrl: string
  readonly codeLifetime: Seconds
  readonly tokenLifetime: Seconds
  readonly isImpersonable: boolean
  readonly approver: (ctx: RequestContext, decision: ConsentAcceptance) => Promise<Approve>
  readonly tell: Tell
  /** @param refusal - the reason why this browser may not decide, if there is one */
  readonly deny: (
    c: Context<AppEnv>,
    denial: Denial,
    at: Denied,
    refusal: OAuthError | undefined,
  ) => Promise<Response>
  /** The error for a request that has expired. */
  readonly expiry: () => OAuthError | undefined
}

/** The result of a validation: a request that passed, or the error and the way to report it. */
export type Validation =
  | { readonly request: FlowRequest; readonly error?: undefined }
  | { readonly error: OAuthError; readonly tell: Tell }

/** The party that asks for a grant, and how it is answered. */
export interface Channel
  extends Pick<ChannelRules<unknown>, 'name' | 'entryUrl' | 'startUrl' | 'redirectUri'> {
  /** The parameters of a query that this channel uses; throws `invalid_request` if one is repeated. */
  read(query: string, profile: Profile): Parameters
  /**
   * Validates a request and returns the first failure. Throws only what is not a refusal.
   *
   * @param refusal - why the request is refused as soon as its address is known, if there is a reason
   */
  judge(given: Given, pending: PendingRequest | null, refusal?: OAuthError): Validation
  /** Makes the checks of `judge` in a dry run, those behind a failed one too. */
  examine(run: DryRun, given: Given): Promise<void>
  /** Notes in a dry run that none of these checks was made. */
  skip(run: DryRun): void
}

/**
 * Throws the error, so that the endpoint shows it in the browser: for errors that have no way to the requesting party.
 */
export const tellBrowser: Tell = async (_c, error) => {
  throw error
}

/**
 * Defines a channel. Does what all channels have in common, so that none can forget it: checks the grant type and
 * limits of the client, logs errors and denials, refuses expired requests.
 */
export const defineChannel = <Own extends object>(rules: ChannelRules<Own>): Channel => {
  const checks: readonly Named<Requested & Own>[] = [
    ['grant_type', (request) => checkGrantType(rules, request)],
    ['scope', checkScope],
    ['audience', checkAudience],
    ...rules.checks,
  ]
  return {
    name: rules.name,
    entryUrl: rules.entryUrl,
    startUrl: rules.startUrl,
    redirectUri: rules.redirectUri,
    read: (query, { repeats }) => {
      const { parameters } = rules
      const entries = readEntries(query)
      const counting = parameters === 'all' ? entries : entries.filter(([name]) => parameters.includes(name))
      return new Parameters(counting, repeats)
    },
    judge: (given, pending, refusal) => {
      let tell = tellBrowser
      try {
        const own = rules.address(given, pending)
        tell = telling(rules, own)
        if (refusal !== undefined) throw refusal
        const requested = { ...given, ...listsOf(given.parameters) }
        const request = { ...requested, ...own }
        for (const [, check] of checks) check(request)
        return { request: { ...requested, channel: bind(rules, request, tell, pending) } }
      } catch (thrown) {
        if (!(thrown instanceof OAuthError)) throw thrown
        return { error: thrown, tell }
      }
    },
    examine: async (run, given) => {
      const own = (await run.make('address', () => rules.address(given, null))) ?? rules.presume?.(given)
      const lists = await run.make('lists', () => listsOf(given.parameters))
      for (const [name, check] of checks) {
        if (own === undefined || lists === undefined) run.skip(name)
        else await run.make(name, () => check({ ...given, ...lists, ...own }))
      }
    },
    skip: (run) => run.skip('address', 'lists', ...checks.map(([name]) => name)),
  }
}

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
  deny: async (c, denial, at, refusal) => {
    if (rules.denialIsBound && refusal !== undefined) throw refusal
    c.var.ctx.refused(accessDenied('app_denied', { step: at.step }))
    return rules.deny(c, request, denial, at)
  },
  expiry() {
    const end = rules.expiresAt(request)
    if (end === null || end > nowSeconds()) return undefined
    return new OAuthError('expired_token', 'device_code_expired', { expired: rfc3339(end) })
  },
})
