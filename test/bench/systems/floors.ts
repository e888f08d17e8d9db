import { join } from 'node:path'
import { HERE, wrangler } from '../bundle.ts'
import type { Work } from '../generator/load.ts'
import { formText, requestText, type Site } from '../generator/site.ts'
import { type Server, startNode, startWorker } from '../serve/start.ts'
import { FLOOR_NAMES, type FloorName } from '../workloads/catalogue.ts'
import { repeated } from '../workloads/machines.ts'
import type { Measured, System } from './system.ts'

const ORIGIN = 'https://floors.bench.example'
const SOCKET = join(import.meta.dirname, '../floors/socket.ts')

const isFloor = (name: Measured): name is FloorName => FLOOR_NAMES.some((known) => known === name)

/** Bundles the Worker of the floors into a folder. */
export const bundleFloors = (folder: string): Promise<void> =>
  wrangler(join(HERE, 'test/bench/floors'), ['--minify', '--outdir', folder])

/** What the platform takes for the least, served in the same way as Ladon. */
export function floors(bundle: string): System {
  return {
    name: 'floors',
    durability: 'the inserted row is in a SQLite file when it is answered',
    measures: FLOOR_NAMES,
    start: async (folder) => {
      const worker = await startWorker({
        name: 'floors',
        bundle,
        state: folder,
        d1: ['DB'],
        objects: { STORE: 'Store' },
      })
      const socket = await startNode(SOCKET, [])
      return {
        work: async (name) => {
          if (!isFloor(name)) throw new Error(`${name} is no floor.`)
          return name === 'socket' ? floorWork(socket, name) : floorWork(worker, name)
        },
        memory: worker.memory,
        stop: async () => {
          await Promise.all([worker.stop(), socket.stop()])
        },
      }
    },
  }
}

function floorWork({ port, root }: Server, name: FloorName): Work {
  const site: Site = { port, origin: ORIGIN, absolute: name !== 'socket' }
  const text =
    name === 'form' || name.endsWith('insert')
      ? formText(site, `/${name}`, { grant_type: 'client_credentials', scope: 'api.read' })
      : requestText(site, 'GET', `/${name}`)
  return repeated({ site, roots: [root] }, text, '{"done":true}')
}
