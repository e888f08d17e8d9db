import { WorkerEntrypoint } from 'cloudflare:workers'
import { app, bindingApp } from './app.ts'
import type { Env } from './env.ts'
import { scheduled } from './scheduled.ts'

export { Ledger } from './ledger/object.ts'

/** The admin API over a service binding: the edge's form of Hydra's private admin port (design section 6). */
export class Admin extends WorkerEntrypoint<Env> {
  override fetch(request: Request): Response | Promise<Response> {
    return bindingApp.fetch(request, this.env, this.ctx)
  }
}

export default {
  fetch: (request, env, context) => app.fetch(request, env, context),
  scheduled: (_controller, env) => scheduled(env),
} satisfies ExportedHandler<Env>
