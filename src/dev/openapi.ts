import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { ROOT } from './paths.ts'

/** The platform's own modules, of which the document needs nothing. */
const platform: Plugin = {
  name: 'platform',
  setup(builder) {
    builder.onResolve({ filter: /^cloudflare:/ }, ({ path }) => ({ path, namespace: 'platform' }))
    const contents =
      'export const waitUntil = () => {}; export class DurableObject {}; export class WorkerEntrypoint {}'
    builder.onLoad({ filter: /./, namespace: 'platform' }, () => ({ contents }))
  },
}

/** Returns the OpenAPI document, made from the table of endpoints and the shapes of Hydra's answers. */
export async function openApiDocument(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ladon-openapi-'))
  try {
    const outfile = join(folder, 'openapi.mjs')
    const entryPoints = [join(ROOT, 'src/endpoints/openapi.ts')]
    await build({
      entryPoints,
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      plugins: [platform],
      logLevel: 'error',
    })
    const shapes: unknown = JSON.parse(
      await readFile(join(ROOT, 'test/support/shapes/hydra-26.2.json'), 'utf8'),
    )
    const { openApi }: { readonly openApi: (shapes: unknown) => unknown } = await import(
      pathToFileURL(outfile).href
    )
    return `${JSON.stringify(openApi(shapes), null, 1)}\n`
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Where the document is kept, from where the Worker serves it. */
export const writeOpenApi = async (): Promise<void> =>
  writeFile(join(ROOT, 'src/assets/openapi.json'), await openApiDocument())
