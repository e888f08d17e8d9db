import type { Hono } from 'hono'
import { HonoBase } from 'hono/hono-base'
import { PatternRouter } from 'hono/router/pattern-router'
import type { AppEnv } from '../context.ts'

/**
 * A Hono without routes. The class `Hono` itself brings several routers and picks one at the first request; this one,
 * the smallest, takes every pattern, and the others stay out of the Worker. It ignores a slash at the end.
 * @param options `getPath` tells the path a request is routed by; that of its URL if absent.
 */
export const newRouter = (options?: { getPath(request: Request): string }): Hono<AppEnv> =>
  new HonoBase<AppEnv>({ router: new PatternRouter(), ...options })
