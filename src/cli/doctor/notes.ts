import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isJsonObject, type JsonObject } from '../../util/json.ts'
import { checkoutOf, DEPLOYMENTS, LAST_BACKUP } from '../checkout.ts'
import { textOf } from '../commands/client-view.ts'

/** What the checkout that a server is deployed from knows of it. */
export interface Notes {
  /** When the account was last backed up, ms since 1970; null if never, undefined outside of a checkout. */
  readonly backedUpAt: number | null | undefined
  /** The Worker's name; undefined if it is not known. */
  readonly worker: string | undefined
  /** The Worker's address below workers.dev; undefined if it is not known. */
  readonly workersDev: string | undefined
}

/** Reads what the checkout around a folder noted of the server at an address. */
export async function notesOf(folder: string, base: string): Promise<Notes> {
  const checkout = await checkoutOf(folder)
  if (checkout === undefined) return { backedUpAt: undefined, worker: undefined, workersDev: undefined }
  const read = (name: string): Promise<string> => readFile(join(checkout, name), 'utf8').catch(() => '')
  const madeAt = Date.parse(textOf(objectOf(await read(LAST_BACKUP))['made_at']))
  const deployed = deploymentOf(objectOf(await read(DEPLOYMENTS)), base)
  const [, configured] = /^name\s*=\s*"([\w-]+)"/m.exec(await read('wrangler.toml')) ?? []
  return {
    backedUpAt: Number.isNaN(madeAt) ? null : madeAt,
    worker: known(deployed?.['worker']) ?? configured,
    workersDev: known(deployed?.['workers_dev']),
  }
}

/** The deployment whose issuer is at an address; without that the only one, if it did not note its issuer. */
function deploymentOf(noted: JsonObject, base: string): JsonObject | undefined {
  const all = Object.values(noted).filter(isJsonObject)
  const own = all.find(({ issuer }) => textOf(issuer).replace(/\/+$/, '') === base)
  return own ?? (all.length === 1 && textOf(all[0]?.['issuer']) === '' ? all[0] : undefined)
}

const known = (value: unknown): string | undefined => textOf(value) || undefined

function objectOf(content: string): JsonObject {
  try {
    const value: unknown = JSON.parse(content)
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}
