import { readFile, writeFile } from 'node:fs/promises'
import * as v from 'valibot'
import { CommandError } from './command-error.ts'
import type { AccountState } from './deploy-account.ts'
import { configOf } from './deploy-plan.ts'
import type { Installation } from './deploy-target.ts'
import type { Options } from './options.ts'
import { withNamespaceId } from './toml.ts'
import { wranglerJson } from './wrangler-json.ts'

const Namespaces = v.array(v.object({ id: v.string(), title: v.string() }))

/**
 * Takes up the KV namespace that a first deployment made before its upload failed, by writing its id into the
 * configuration file: wrangler would make another of the same title, which Cloudflare refuses.
 *
 * @throws CommandError if the id cannot be written into the file
 */
export async function adoptCopies(
  { config, environment, file, worker }: Installation & { readonly worker: string },
  { secrets }: AccountState,
  options: Options,
): Promise<void> {
  const copies = config.kv_namespaces.find(({ binding }) => binding === 'COPIES')
  if (secrets !== undefined || copies?.id !== undefined) return
  const known = v.parse(Namespaces, await wranglerJson(['kv', 'namespace', 'list', ...configOf(options)]))
  const found = known.find(({ title }) => title === `${worker}-copies`)
  if (found === undefined) return
  const text = withNamespaceId(await readFile(file, 'utf8'), environment, 'COPIES', found.id)
  if (text === undefined)
    throw new CommandError(
      `The KV namespace ${found.title} is there already: give the binding COPIES the id ${found.id}.`,
      2,
    )
  await writeFile(file, text)
}
