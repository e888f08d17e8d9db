import { isJsonObject } from '../../util/json.ts'
import { objectsIn, textOf } from '../commands/client-view.ts'
import { type Check, fault, isLocal, note, ofStatus, ok, textsIn, unknown } from './check.ts'

/** Twice the time after which the server makes a new key by itself, days. */
const OLD_DAYS = 180
const DAY_MS = 86_400_000
const SHORTEST_RSA_BITS = 2048

const keySet: Check = {
  name: 'JWKS',
  judge({ keySet: found }) {
    const keys = objectsIn(found?.['keys'])
    if (keys.length === 0)
      return fault('There is no key with which tokens could be verified.', 'See /health/ready.')
    if (keys.some((key) => 'd' in key || 'k' in key))
      return fault(
        'It shows private keys.',
        'Rotate all keys at once: "ladon key rotate", then delete the old ones.',
      )
    const short = keys.filter((key) => key['kty'] === 'RSA' && bitsOf(textOf(key['n'])) < SHORTEST_RSA_BITS)
    return short.length === 0
      ? ok(`It has ${keys.length} ${keys.length === 1 ? 'key' : 'keys'}.`)
      : fault(
          `A key has ${bitsOf(textOf(short[0]?.['n']))} bits.`,
          '"ladon key rotate --alg RS256" makes longer ones.',
        )
  },
}

const bitsOf = (modulus: string): number => Buffer.from(modulus, 'base64url').length * 8

const keyAges: Check = ofStatus('key ages', (status, { now }) => {
  const ages = objectsIn(status['keys']).map((set) => ({
    set: textOf(set['set']),
    days: Math.floor((now - Date.parse(textOf(set['signs_since']))) / DAY_MS),
  }))
  const old = ages.find(({ days }) => days > OLD_DAYS)
  return old === undefined
    ? ok(`None signs for longer than ${OLD_DAYS} days.`)
    : fault(
        `The key of ${old.set} signs for ${old.days} days.`,
        '"ladon key rotate"; SIGNING_KEY_ROTATION does it by itself, and the scheduled job.',
      )
})

const migrations: Check = ofStatus('migrations', ({ migrations: told }) => {
  if (!isJsonObject(told))
    return fault('The database does not say which it had.', 'npm run deploy applies them.')
  const missing = textsIn(told['missing'])
  return missing.length === 0
    ? ok('All were applied.')
    : fault(`${missing.join(', ')} was not applied.`, 'npm run deploy applies them.')
})

/** How long ago the job of each quarter of an hour may have run, ms. */
const JOB_MS = 60 * 60_000

const job: Check = ofStatus('scheduled job', ({ cron }, facts) => {
  const fix = 'Deploy with [triggers] crons as in wrangler.toml, and see the log of the job.'
  if (!isJsonObject(cron))
    return isLocal(facts) ? ok('A development server runs none.') : note('It did not run yet.', fix)
  const failed = textsIn(cron['failed'])
  if (failed.length > 0) return fault(`${failed.join(', ')} failed at its last run.`, fix)
  return isLocal(facts) || facts.now - Date.parse(textOf(cron['ran_at'])) < JOB_MS
    ? ok(`It ran at ${textOf(cron['ran_at'])}.`)
    : fault(`It last ran at ${textOf(cron['ran_at'])}.`, fix)
})

const stores: Check = ofStatus('databases', ({ d1, isolate }) => {
  const silent =
    isJsonObject(isolate) && isJsonObject(isolate['silent']) ? Object.entries(isolate['silent']) : []
  const down = silent.flatMap(([name, count]) => (count === 0 ? [] : [name]))
  if (d1 !== 'ok')
    return fault(
      `D1 ${textOf(d1)}.`,
      'See https://www.cloudflarestatus.com; docs/faults.md says what goes on.',
    )
  return down.length === 0
    ? ok('None is silent.')
    : fault(
        `The isolate that answers holds ${down.join(', ')} for down.`,
        'docs/faults.md says what goes on meanwhile.',
      )
})

const backupAge: Check = {
  name: 'backup',
  judge(facts) {
    const { now } = facts
    const { backedUpAt } = facts.notes
    const fix = 'Call "ladon backup" in the checkout that you deploy from, once a week or from a job.'
    if (isLocal(facts)) return ok('A development server needs none.')
    if (backedUpAt === undefined)
      return unknown('Called outside of the checkout that you deploy from, which notes it.')
    if (backedUpAt === null) return fault('No backup is noted.', fix)
    const days = Math.floor((now - backedUpAt) / DAY_MS)
    return days <= 7 ? ok(`The last is of ${days} days ago.`) : fault(`The last is of ${days} days ago.`, fix)
  },
}

/** Checks of keys and what is stored. */
export const keyChecks: readonly Check[] = [keySet, keyAges, migrations, job, stores, backupAge]
