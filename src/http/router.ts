import type { Hono } from 'hono'
import { HonoBase } from 'hono/hono-base'
import { PatternRouter } from 'hono/router/pattern-router'
import type { AppEnv } from '../context.ts'
import type { Env } from '../env.ts'

/**
 * Returns a Hono application without routes. The class `Hono` contains several routers and chooses one at the first
 * request. This application has only the smallest router that supports every pattern. It ignores a slash at the end.
 * @param options `getPath` returns the path that a request is routed by; the path of its URL if absent.
 */
export const newRouter = (options?: {
  getPath(request: Request, options?: { env?: Env }): string
}): Hono<AppEnv> => new HonoBase<AppEnv>({ router: new PatternRouter(), ...options })
