import type { Context } from 'hono'
import { version } from '../../package.json'
import type { AppEnv } from '../context.ts'
import { isJsonObject } from '../util/json.ts'
import { readStatus, type Status } from './status.ts'

/** A sample: its labels, whose values are out of small sets, and its value. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | null]

/** A metric with its samples; those without a value are left out. */
interface Metric {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly samples: readonly Sample[]
}

/**
 * GET /admin/metrics/prometheus in the text format 0.0.4 (contract 1.1). What is said of an isolate is said of the one
 * that answers; sums over all are what Analytics Engine is for.
 */
export async function metrics(c: Context<AppEnv>): Promise<Response> {
  const text = metricsOf(await readStatus(c.var.ctx.rt))
    .map(textOf)
    .join('')
  return new Response(text, { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } })
}

const alone = (value: number | null | undefined): readonly Sample[] => [[{}, value ?? null]]

function metricsOf({
  sets,
  migrations,
  cron,
  isolateStartedAt,
  troubles,
  silent,
}: Status): readonly Metric[] {
  const asked = sets !== null && migrations !== null && cron !== null
  const bySet = (of: (set: NonNullable<Status['sets']>[number]) => number | null): readonly Sample[] =>
    (sets ?? []).map((set) => [{ set: set.set }, of(set)])
  const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
    name,
    type: 'gauge',
    help,
    samples,
  })
  return [
    gauge('ladon_info', 'The version of this server.', [[{ version }, 1]]),
    gauge('ladon_d1_up', 'Whether D1 answered what this page asks.', alone(asked ? 1 : 0)),
    gauge(
      'ladon_signing_keys',
      'Published keys that sign.',
      bySet(({ keys }) => keys),
    ),
    gauge(
      'ladon_signing_key_signs_since_timestamp_seconds',
      'When the key that signs was made.',
      bySet(({ signsSince }) => signsSince),
    ),
    gauge(
      'ladon_signing_key_oldest_timestamp_seconds',
      'When the oldest published key was made.',
      bySet(({ oldestAt }) => oldestAt),
    ),
    gauge('ladon_migrations_expected', 'D1 migrations of this release.', alone(migrations?.expected)),
    gauge('ladon_migrations_missing', 'Those that were not applied.', alone(migrations?.missing.length)),
    gauge('ladon_cron_last_run_timestamp_seconds', 'When the job last ran.', alone(cron?.ranAt)),
    gauge(
      'ladon_cron_last_success_timestamp_seconds',
      'When the job last ran without a failure.',
      alone(cron?.succeededAt),
    ),
    gauge('ladon_rows', 'Rows in D1 when the job last ran.', numbersIn(cron?.result['rows'], 'table')),
    gauge(
      'ladon_cron_purged_rows',
      'Rows that the last run of the job purged.',
      numbersIn(cron?.result['purged'], 'table'),
    ),
    gauge('ladon_isolate_start_time_seconds', 'When this isolate answered first.', alone(isolateStartedAt)),
    gauge(
      'ladon_isolate_silent',
      'What this isolate holds for down, since it did not answer in time.',
      numbersIn(silent, 'source'),
    ),
    {
      name: 'ladon_isolate_trouble_total',
      type: 'counter',
      help: 'Calls of this isolate that failed or had no answer in time.',
      samples: troubles.map(({ source, cause, count }) => [{ source, cause }, count]),
    },
  ]
}

/** The numbers among the members of an object, as samples; none for anything else. */
const numbersIn = (value: unknown, label: string): readonly Sample[] =>
  isJsonObject(value)
    ? Object.entries(value).flatMap(([name, number]) =>
        typeof number === 'number' ? [[{ [label]: name }, number] as const] : [],
      )
    : []

function textOf({ name, type, help, samples }: Metric): string {
  const lines = samples.flatMap(([labels, value]) =>
    value === null ? [] : [`${name}${labelText(labels)} ${value}\n`],
  )
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
