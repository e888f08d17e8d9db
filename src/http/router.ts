import type { Hono } from 'hono'
import { HonoBase } from 'hono/hono-base'
import type { AppEnv } from '../context.ts'
import { routedPath } from './paths.ts'
import { SegmentRouter } from './segment-router.ts'

/**
 * Returns a Hono application without routes. The class `Hono` contains several routers and chooses one at the first
 * request. They compile every route at start or try every route on each request; this application's does neither.
 */
export const newRouter = (): Hono<AppEnv> =>
  new HonoBase<AppEnv>({ router: new SegmentRouter(), getPath: routedPath })
