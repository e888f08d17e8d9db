import type { Hono } from 'hono'
import { HonoBase } from 'hono/hono-base'
import { TrieRouter } from 'hono/router/trie-router'
import type { AppEnv } from '../context.ts'

/**
 * A Hono without routes. The class `Hono` itself brings several routers and picks one at the first request; this one
 * router takes every pattern and compiles nothing, and the others stay out of the Worker.
 * @param getPath the path a request is routed by; that of its URL if absent.
 */
export function emptyRoutes(getPath?: (request: Request) => string): Hono<AppEnv> {
  return new HonoBase<AppEnv>({ router: new TrieRouter(), ...(getPath === undefined ? {} : { getPath }) })
}
