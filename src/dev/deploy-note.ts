import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as v from 'valibot'
import { DEPLOYMENTS } from '../cli/checkout.ts'
import { CommandError } from './command-error.ts'
import { type AccountState, countRootKeys } from './deploy-account.ts'
import { type Installation, titleOf } from './deploy-target.ts'
import { makeKept } from './kept.ts'
import type { Options } from './options.ts'

/** Which Worker was last deployed, by configuration file and environment. */
const Note = v.record(
  v.string(),
  v.object({
    worker: v.string(),
    at: v.string(),
    issuer: v.optional(v.string()),
    workers_dev: v.optional(v.string()),
  }),
)

/** The directory of what this command keeps, beside the configuration file. It is never committed. */
export const keptIn = ({ file }: Pick<Installation, 'file'>): string => join(dirname(file), '.ladon')

const noteOf = (target: Installation): string => join(keptIn(target), basename(DEPLOYMENTS))

const keyOf = ({ file, environment = '' }: Installation): string => `${basename(file)}#${environment}`

async function read(target: Installation): Promise<v.InferOutput<typeof Note>> {
  const text = await readFile(noteOf(target), 'utf8').catch(() => '{}')
  return v.parse(Note, JSON.parse(text))
}

/** What is noted of a deployment: the Worker, and where it is reached as far as that is known. */
export interface Deployed {
  readonly worker: string
  readonly issuer: string | undefined
  readonly workersDev: string | undefined
}

/** Notes what was deployed; the doctor reads it too. */
export async function noteDeployed(target: Installation, deployed: Deployed): Promise<void> {
  const { worker, issuer, workersDev } = deployed
  const made = { worker, at: new Date().toISOString(), issuer, workers_dev: workersDev }
  const note = { ...(await read(target)), [keyOf(target)]: made }
  await makeKept(keptIn(target))
  await writeFile(noteOf(target), `${JSON.stringify(note, null, 2)}\n`)
}

/**
 * Refuses a Worker of another name than the one that was deployed before: ledgers belong to a Worker, so it would have
 * none of the sessions, consents and tokens. Who deployed last is noted here; where there is no note, a database with
 * keys in it and no Worker of this name tell the same.
 *
 * @throws CommandError with exit code 2
 */
export async function refuseRenamed(
  target: Installation,
  worker: string,
  { database, secrets }: AccountState,
  options: Options,
): Promise<void> {
  const last = (await read(target))[keyOf(target)]?.worker
  if (last !== undefined && last !== worker)
    throw refused(target, worker, `was deployed as the Worker ${last} before`)
  if (last !== undefined || secrets !== undefined || database === undefined) return
  if ((await countRootKeys(options)) > 0)
    throw refused(target, worker, `has a database, ${database.name}, that another Worker used before`)
}

function refused(target: Installation, worker: string, why: string): CommandError {
  return new CommandError(
    [
      `Nothing was deployed: ${titleOf(target)} ${why}.`,
      `Sessions, consents and refresh tokens are in ledgers, which belong to a Worker: those of ${worker} are empty.`,
      'Every user would log in and consent again. If that is meant, say --renamed.',
    ].join('\n'),
    2,
  )
}
