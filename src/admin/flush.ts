import type { Context } from 'hono'
import * as v from 'valibot'
import type { AppEnv } from '../context.ts'
import { parseBody } from '../flow/bodies.ts'
import { readJson } from '../http/form.ts'
import { instant } from '../util/schema.ts'

/** Parameters of a flush; they change nothing. */
export const flushBody = v.object({ notAfter: v.nullish(instant) }, 'a JSON object')

/**
 * Flushes inactive tokens, as v1 SDKs and their cron jobs request (contract 8.1). Does nothing, since expired state
 * leaves the ledgers by itself. Throws `malformed_body` for a `notAfter` that is not an instant.
 */
export async function flush(c: Context<AppEnv>): Promise<Response> {
  parseBody(flushBody, await readJson(c.var.body))
  return c.body(null, 204)
}
