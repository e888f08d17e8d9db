/*
 * `npm run proof:model -- --operations N --seed S`: the long form of `test/ledger/invariants.test.ts`, with N commands
 * about a user's ledger and a third of that about the other kinds.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { TOOLS } from '../../src/dev/paths.ts'
import { record, versions } from './harness/record.ts'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
})

const started = Date.now()
const child = spawn(
  process.execPath,
  [TOOLS.vitest, 'run', '--project', 'workerd', 'test/ledger/invariants.test.ts'],
  {
    env: { ...process.env, LADON_MODEL_COMMANDS: values.operations, LADON_MODEL_SEED: values.seed },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
let last = ''
child.stdout.on('data', (chunk: Buffer) => {
  const text = chunk.toString('utf8')
  process.stdout.write(text)
  last = /model: (\d+) commands, seed \d+(?![\s\S]*model: )/.exec(last + text)?.[1] ?? last
})
const [code] = await once(child, 'exit')
await record(values.out, {
  ...{
    run: 'model',
    seed: Number(values.seed),
    operations: Number(values.operations),
    ...(await versions()),
  },
  ...{
    minutes: Math.round((Date.now() - started) / 6_000) / 10,
    reached: Number(last),
    faults: code === 0 ? 0 : 1,
  },
})
process.exitCode = code === 0 ? 0 : 1
