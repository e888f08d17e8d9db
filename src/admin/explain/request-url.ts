import type { Made } from '../../authorize/dry-run.ts'
import { examine } from '../../authorize/examine.ts'
import { hostAllowed } from '../../config/hosts.ts'
import type { Config } from '../../config/types.ts'
import type { RequestContext } from '../../context.ts'
import { errorBody } from '../../errors/oauth-error.ts'
import { explain } from '../../errors/reasons.ts'
import { authorizeUrl } from '../../flow/urls.ts'
import { searchOf } from '../../http/address.ts'
import { canonicalPath } from '../../http/paths.ts'
import { clientIdOf } from '../../util/ids.ts'
import { type Found, type Verdict, viewClient } from './explanation.ts'

/** Explains the URL of an authorization request by a dry run of the checks at the authorization endpoint. */
export async function explainRequest(ctx: RequestContext, url: string): Promise<Found> {
  const query = searchOf(url)
  // A document or keys of the client may be fetched for it, as at the endpoint and under the same limit.
  const flood = await ctx.rt.floods.ofNetwork('browser', ctx.network)
  if (flood !== undefined) throw flood
  const { client, checks } = await examine(ctx, query)
  const shown = [endpointCheck(ctx, url), ...checks.map((made) => view(made))]
  const failed = shown.filter(({ outcome }) => outcome === 'failed')
  const clientId = client?.id ?? clientIdOf(new URLSearchParams(query).get('client_id') ?? '')
  const explanation = {
    kind: 'authorization_request',
    ...verdictOf(failed, shown.length),
    client: clientId === '' ? undefined : viewClient(clientId, client ?? undefined),
    checks: shown,
  }
  return { explanation, clientId: client?.id }
}

/** A check as the answer shows it. */
interface Check {
  readonly check: string
  readonly outcome: 'passed' | 'failed' | 'not_reached'
  readonly cause?: string | undefined
  readonly fix?: string | undefined
  readonly [member: string]: unknown
}

function verdictOf(failed: readonly Check[], all: number): Verdict {
  const [first] = failed
  if (first === undefined)
    return {
      state: 'active',
      cause: `All ${all} checks pass. What depends on the browser was not tried: its session, and prompt=none.`,
    }
  const cause = `${failed.length} of ${all} checks ${failed.length === 1 ? 'fails' : 'fail'}. The first is '${first.check}': ${first.cause}`
  return { state: 'refused', cause, fix: first.fix }
}

/** Whether the URL leads to the authorization endpoint of this server. */
function endpointCheck({ rt: { config } }: RequestContext, text: string): Check {
  const wanted = authorizeUrl(config)
  const given = URL.parse(text, wanted)
  const known = new URL(wanted)
  const check = 'endpoint'
  const isThere = given !== null && (given.origin === known.origin || isOther(config, given, known))
  // The router takes repeated slashes and one at the end, too.
  if (isThere && canonicalPath(given.pathname) === canonicalPath(known.pathname))
    return { check, outcome: 'passed' }
  const cause = `The URL is not that of the authorization endpoint, which is ${wanted}.`
  return { check, outcome: 'failed', cause, fix: 'Take authorization_endpoint from the discovery document.' }
}

/** Whether a URL has another host that this server answers for. */
const isOther = (config: Config, given: URL, known: URL): boolean =>
  given.protocol === known.protocol && hostAllowed(config, given)

function view({ name: check, outcome }: Made): Check {
  if (typeof outcome === 'string') return { check, outcome }
  const { facts } = outcome
  const { text, fix } = explain(outcome.reason, facts)
  return {
    check,
    outcome: 'failed',
    error: errorBody(outcome).error,
    reason: outcome.reason,
    cause: text,
    fix,
    facts: Object.keys(facts).length === 0 ? undefined : facts,
    nearest: facts['near'],
  }
}
