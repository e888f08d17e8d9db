import type { AuditEvent, Exchange, LogFields, RequestContext } from '../../src/context.ts'
import type { Env } from '../../src/env.ts'
import { runtimeOf } from '../../src/runtime.ts'

/** A request context over a runtime of its own, with what the handlers told it. */
export interface RecordedContext extends RequestContext {
  readonly audits: { readonly event: AuditEvent; readonly fields: LogFields }[]
  readonly seenClients: string[]
}

/** One request of a context on its way through a router, as handlers find it. */
export const exchangeOf = (ctx: RequestContext): Exchange => ({
  bindings: ctx.rt.env,
  ctx,
  route: undefined,
  error: undefined,
})

/** A context as the app makes it. Each call has a new runtime, as a cold isolate has. */
export function requestContext(env: Env): RecordedContext {
  const audits: RecordedContext['audits'] = []
  const seenClients: string[] = []
  return {
    rt: runtimeOf({ ...env }),
    requestId: crypto.randomUUID(),
    network: null,
    attempt: crypto.randomUUID(),
    audits,
    seenClients,
    defer: () => undefined,
    audit: (event, fields) => audits.push({ event, fields }),
    refused: () => undefined,
    told: () => undefined,
    proved: () => undefined,
    warned: () => undefined,
    seen: (clientId) => seenClients.push(clientId),
    named: () => undefined,
    acts: () => undefined,
    actor: () => null,
    client: () => seenClients.at(-1) ?? null,
  }
}
