import type { Command } from '../command.ts'
import { clientGet } from './client-get.ts'
import { clientList } from './client-list.ts'
import { explain } from './explain.ts'
import { version } from './version.ts'

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [clientList, clientGet, explain, version]
