import type { Fault } from './faults.ts'
import type { Generation } from './generations.ts'

/** The table of operations and generations as Markdown, with what its marks mean. */
export function renderTable(
  generations: readonly Generation[],
  names: readonly string[],
  cells: ReadonlyMap<string, string>,
  faults: readonly Fault[],
): string {
  const row = (values: readonly string[]): string => `| ${values.join(' | ')} |`
  const rows = names.map((name) =>
    row([name.padEnd(40), ...generations.map(({ label }) => cells.get(`${label} ${name}`) ?? '')]),
  )
  const reasons = faults.map(({ reason }, index) => `${index + 1}. ${reason}`)
  const counts = [...cells.values()].reduce(
    (seen, cell) => seen.set(cell, (seen.get(cell) ?? 0) + 1),
    new Map<string, number>(),
  )
  const sum = [...counts].map(([what, count]) => `${what}: ${count}`).join(', ')
  return [
    "# Operations of Ory's JavaScript SDKs, by generation",
    '',
    row(['operation', ...generations.map(({ label }) => label)]),
    row(['---', ...generations.map(() => '---')]),
    ...rows,
    '',
    '✓ works · ✗ cannot work, for the reason numbered · empty: this generation lacks it',
    '',
    ...reasons,
    '',
    sum,
    '',
  ].join('\n')
}
