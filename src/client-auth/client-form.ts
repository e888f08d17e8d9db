import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { Parameters, readFormEntries } from '../http/form.ts'
import { basicIdOf } from './client-secret-basic.ts'
import type { ClientRequest } from './method.ts'

/** What an endpoint takes in its form: the parameter that it cannot do without, and in words all. */
export interface FormContent {
  readonly parameter: string
  readonly expected: string
}

/**
 * Reads the request of a client that authenticates in a form. Notes which client the request names before anything in it
 * is refused, so that web pages of this client may read the refusal (contract 3.14).
 *
 * @param content - what a client that sends nothing is told to send
 * @throws what `readFormEntries` throws, and `invalid_request` for an empty body or a repeated parameter
 */
export async function readClientForm(c: Context<AppEnv>, content: () => FormContent): Promise<ClientRequest> {
  const { ctx } = c.env
  const authorization = c.req.header('authorization')
  const entries = await readFormEntries(c.get('body'))
  if (entries.length === 0) throw invalidRequest('body_empty', { ...content() })
  ctx.named(() => basicIdOf(authorization) ?? entries.find(([name]) => name === 'client_id')?.[1])
  return { authorization, form: new Parameters(entries) }
}
