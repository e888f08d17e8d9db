import type { Context } from 'hono'
import * as v from 'valibot'
import type { AppEnv } from '../context.ts'
import { parseBody } from '../flow/bodies.ts'
import { readJson } from '../http/form.ts'
import { instant } from '../util/schema.ts'

/** What a flush is asked with; it changes nothing. */
export const flushBody = v.object({ notAfter: v.nullish(instant) })

/**
 * Flush of inactive tokens, as v1 SDKs and their cron jobs call it (contract 8.1). There is nothing to do: what has
 * expired leaves the ledgers by itself. Throws `malformed_body` for a `notAfter` that is no instant.
 */
export async function flush(c: Context<AppEnv>): Promise<Response> {
  parseBody(flushBody, await readJson(c.var.body))
  return c.body(null, 204)
}
