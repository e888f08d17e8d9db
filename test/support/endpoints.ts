import { publicTable } from '../../src/app.ts'
import { endpointsOf } from '../../src/endpoints/table.ts'

/** Every endpoint of the public origin. */
export const endpoints = endpointsOf(publicTable())
