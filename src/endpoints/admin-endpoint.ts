import type { BodyClass } from '../http/body.ts'
import type { Endpoint, Method, Wire } from '../http/endpoint.ts'
import { refuses } from './schemas.ts'

/** Defines an endpoint of the admin API: pages of other origins cannot read it, and all have the same refusals. */
export const adminEndpoint = (
  method: Method,
  path: string,
  handler: Endpoint['handler'],
  wire: () => Wire,
  body: BodyClass = 'none',
  more: Partial<Pick<Endpoint, 'rate' | 'discovery'>> = {},
): Endpoint => ({
  path: `/admin${path}`,
  methods: [method],
  handler,
  cors: 'none',
  body,
  rate: 'api_key',
  wire: () => withRefusals(wire()),
  ...more,
})

const withRefusals = (wire: Wire): Wire => ({
  ...wire,
  answers: { ...wire.answers, ...refuses(400, 401, 403, 413, 503) },
})
