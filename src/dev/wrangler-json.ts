import { CommandError } from './command-error.ts'
import { runTool } from './tools.ts'

/** Returns the JSON that a wrangler command prints. Throws CommandError with its output if it fails. */
export async function wranglerJson(call: readonly string[]): Promise<unknown> {
  const { code, output } = await runTool('wrangler', call, true)
  const start = output.search(/^[[{]/m)
  if (code !== 0 || start === -1) throw new CommandError(`wrangler ${call.join(' ')} failed:\n${output}`)
  return JSON.parse(output.slice(start))
}
