import { type EntrypointName, guardByBinding, guardByKey } from '../admin/guard.ts'
import { discovered, type Endpoint, type EndpointGroup } from '../http/endpoint.ts'
import type { Dispatch } from '../pages/demo/relying-party.ts'
import { adminGroup } from './admin.ts'
import { demoGroup, fallbackEndpoints } from './pages.ts'
import { healthEndpoints, publicEndpoints } from './public.ts'

/**
 * Every endpoint of the public origin, including the admin API behind its key. Routes, CORS, bounds of bodies and the
 * metadata document come only from here.
 *
 * @param dispatch - passes a request to this server's own routes, for the demo application
 */
export function endpointTable(dispatch: Dispatch): readonly EndpointGroup[] {
  const table: readonly EndpointGroup[] = [
    { before: [], endpoints: healthEndpoints },
    { before: [], endpoints: publicEndpoints((config) => discovered(endpointsOf(table), config)) },
    adminGroup(guardByKey),
    { before: [], endpoints: fallbackEndpoints },
    demoGroup(dispatch),
  ]
  return table
}

/** The endpoints of an entrypoint for service bindings: the admin API without a key, as far as the entrypoint goes. */
export const bindingTable = (name: EntrypointName): readonly EndpointGroup[] => [
  { before: [], endpoints: healthEndpoints },
  adminGroup(guardByBinding(name)),
]

/** The endpoints of all groups. */
export const endpointsOf = (table: readonly EndpointGroup[]): readonly Endpoint[] =>
  table.flatMap(({ endpoints }) => endpoints)
