import type { Hono } from 'hono'
import { HonoBase } from 'hono/hono-base'
import type { AppEnv } from '../context.ts'
import type { Env } from '../env.ts'
import { SegmentRouter } from './segment-router.ts'

/**
 * Returns a Hono application without routes. The class `Hono` contains several routers and chooses one at the first
 * request. They compile every route at start or try every route on each request; this application's does neither.
 * @param options `getPath` returns the path that a request is routed by; the path of its URL if absent.
 */
export const newRouter = (options?: {
  getPath(request: Request, options?: { env?: Env }): string
}): Hono<AppEnv> => new HonoBase<AppEnv>({ router: new SegmentRouter(), ...options })
