import { WorkerEntrypoint } from 'cloudflare:workers'
import { app, bindingApp } from './app.ts'
import type { Env } from './env.ts'
import { Ledger as OwnerLedger } from './ledger/object.ts'
import type { Notice } from './ledger/types.ts'
import { deliverNotice } from './logout/notices.ts'
import { runtimeOf } from './runtime.ts'
import { scheduled } from './scheduled.ts'

/** The ledger of one owner, whose alarm sends notices of ended sessions as this Worker does. */
export class Ledger extends OwnerLedger {
  protected override deliver(notice: Notice): Promise<boolean> {
    return deliverNotice(runtimeOf(this.env), notice)
  }
}

/** The admin API over a service binding, in place of Hydra's private admin port (design section 6). */
export class Admin extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Response | Promise<Response> {
    return bindingApp.fetch(request, this.env, this.ctx)
  }
}

export default {
  fetch: (request, env, context) => app.fetch(request, env, context),
  scheduled: (_controller, env) => scheduled(env),
} satisfies ExportedHandler<Env>
