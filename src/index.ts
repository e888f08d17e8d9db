import { WorkerEntrypoint } from 'cloudflare:workers'
import type { EntrypointName } from './admin/guard.ts'
import { bindingApp, publicApp } from './app.ts'
import { withStoredSettings } from './config/secrets-store.ts'
import type { SigningAlgorithm } from './config/types.ts'
import type { Env } from './env.ts'
import { Ledger as OwnerLedger } from './ledger/object.ts'
import type { Notice } from './ledger/types.ts'
import { deliverNotice } from './logout/notices.ts'
import { type Runtime, runtimeOf } from './runtime.ts'
import { scheduled } from './scheduled.ts'
import { answerUnsettled } from './telemetry/unsettled.ts'

/** The ledger of one owner, which sends notices of ended sessions and makes keys as this Worker does. */
export class Ledger extends OwnerLedger {
  protected override async firstKey(set: string, algorithm: SigningAlgorithm): Promise<void> {
    await (await this.#runtime()).storedKeys.makeFirst(set, algorithm)
  }

  protected override async deliver(notice: Notice): Promise<boolean> {
    return deliverNotice(await this.#runtime(), notice)
  }

  async #runtime(): Promise<Runtime> {
    return runtimeOf(await withStoredSettings(this.env))
  }
}

type Answer = Response | Promise<Response>

/** Answers with the bindings once every setting in them has its value: at once, unless one is in the Secrets Store. */
function settled(env: Env, request: Request, answer: (env: Env) => Answer): Answer {
  const whole = withStoredSettings(env)
  if (!(whole instanceof Promise)) return answer(whole)
  return whole.then(answer, (thrown: unknown) => answerUnsettled(request, thrown))
}

/** Returns the class of an entrypoint: a part of the admin API over a service binding. */
const entrypoint = (name: EntrypointName) =>
  class extends WorkerEntrypoint<Env> {
    override fetch(request: Request): Answer {
      return settled(this.env, request, (env) => bindingApp(name).fetch(request, env, this.ctx))
    }
  }

/** Login, consent, logout and device requests and sessions: what a login app needs (design section 6). */
export class AdminFlows extends entrypoint('AdminFlows') {}

/** Introspection: what an API needs. */
export class AdminIntrospect extends entrypoint('AdminIntrospect') {}

/** The whole admin API, in place of Hydra's private admin port. */
export class Admin extends entrypoint('Admin') {}

export default {
  fetch: (request, env, context) =>
    settled(env, request, (whole) => publicApp().fetch(request, whole, context)),
  scheduled: async (_controller, env) => scheduled(await withStoredSettings(env)),
} satisfies ExportedHandler<Env>
