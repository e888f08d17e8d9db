import { refusedScope, registeredScopes } from '../clients/limits.ts'
import { findClientOrAskSource } from '../clients/lookup.ts'
import { audienceIn, refusedTarget } from '../clients/resource.ts'
import type { OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'

/**
 * What limits the scopes and audiences of a grant. `registered`: the client's registration. `narrowed`: the same, but
 * scopes beyond it are left out instead of refused. `consented`: the user's consent, whatever is requested now.
 */
export type ScopePolicy = 'registered' | 'narrowed' | 'consented'

/** What a grant may give, and its client, which may have been read again from the source. */
export interface Permitted {
  readonly client: ClientRecord
  readonly scope: readonly string[]
  readonly audience: readonly string[]
}

/**
 * Decides what a token request may have under a policy. Throws `invalid_scope`, `invalid_request` or `invalid_target`.
 */
export async function permitted(
  rt: Runtime,
  policy: ScopePolicy,
  client: ClientRecord,
  form: Parameters,
): Promise<Permitted> {
  switch (policy) {
    case 'registered':
      return asRegistered(rt, client, form)
    case 'narrowed':
      return asNarrowed(rt, client, form)
    case 'consented':
      return { client, scope: [], audience: [] }
  }
}

async function asRegistered(rt: Runtime, copy: ClientRecord, form: Parameters): Promise<Permitted> {
  const scope = form.scopes()
  const refused = (client: ClientRecord): OAuthError | undefined =>
    refusedScope(rt.config, client, scope) ?? refusedTarget(rt.config, client, form)
  const mayHave = (client: ClientRecord): boolean => refused(client) === undefined
  const client = await findClientOrAskSource(rt, copy.id, mayHave, copy)
  if (client === undefined) throw refused(copy)
  return { client, scope, audience: audienceIn(form) }
}

async function asNarrowed(rt: Runtime, copy: ClientRecord, form: Parameters): Promise<Permitted> {
  const scope = form.scopes()
  const client = await widest(rt, copy, scope, form)
  const refused = refusedTarget(rt.config, client, form)
  if (refused !== undefined) throw refused
  return { client, scope: scope.filter(registeredScopes(rt.config, client)), audience: audienceIn(form) }
}

/** The client; read from the source if the copy would narrow or refuse the request. */
async function widest(
  rt: Runtime,
  copy: ClientRecord,
  scope: readonly string[],
  form: Parameters,
): Promise<ClientRecord> {
  const whole = scope.every(registeredScopes(rt.config, copy))
  if (whole && refusedTarget(rt.config, copy, form) === undefined) return copy
  // The test fails for the copy itself, so that the source is asked.
  return (await findClientOrAskSource(rt, copy.id, (client) => client !== copy, copy)) ?? copy
}
