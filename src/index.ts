import { WorkerEntrypoint } from 'cloudflare:workers'
import type { EntrypointName } from './admin/guard.ts'
import { app, bindingApp } from './app.ts'
import type { SigningAlgorithm } from './config/types.ts'
import type { Env } from './env.ts'
import { Ledger as OwnerLedger } from './ledger/object.ts'
import type { Notice } from './ledger/types.ts'
import { deliverNotice } from './logout/notices.ts'
import { runtimeOf } from './runtime.ts'
import { scheduled } from './scheduled.ts'

/** The ledger of one owner, which sends notices of ended sessions and makes keys as this Worker does. */
export class Ledger extends OwnerLedger {
  protected override firstKey(set: string, algorithm: SigningAlgorithm): Promise<void> {
    return runtimeOf(this.env).storedKeys.makeFirst(set, algorithm)
  }

  protected override deliver(notice: Notice): Promise<boolean> {
    return deliverNotice(runtimeOf(this.env), notice)
  }
}

/** Returns the class of an entrypoint: a part of the admin API over a service binding. */
const entrypoint = (name: EntrypointName) =>
  class extends WorkerEntrypoint<Env> {
    override fetch(request: Request): Response | Promise<Response> {
      return bindingApp(name).fetch(request, this.env, this.ctx)
    }
  }

/** Login, consent, logout and device requests and sessions: what a login app needs (design section 6). */
export class AdminFlows extends entrypoint('AdminFlows') {}

/** Introspection: what an API needs. */
export class AdminIntrospect extends entrypoint('AdminIntrospect') {}

/** The whole admin API, in place of Hydra's private admin port. */
export class Admin extends entrypoint('Admin') {}

export default {
  fetch: (request, env, context) => app.fetch(request, env, context),
  scheduled: (_controller, env) => scheduled(env),
} satisfies ExportedHandler<Env>
