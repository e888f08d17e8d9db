import type { Server } from '../serve/start.ts'
import { FLOOR_NAMES, type FloorName } from '../workloads/catalogue.ts'
import { makeWork } from '../workloads/make.ts'
import type { OAuthServer } from './oauth-server.ts'
import type { Running } from './system.ts'

const isFloor = (name: string): name is FloorName => FLOOR_NAMES.some((known) => known === name)

/** A running server whose workloads are made in the usual way. */
export const serving = (server: Pick<Server, 'memory' | 'stop'>, api: OAuthServer): Running => ({
  work: async (name, supply) => {
    if (isFloor(name)) throw new Error(`${name} is a floor.`)
    return makeWork(api, name, supply)
  },
  memory: server.memory,
  stop: server.stop,
})
