/*
 * Keeps what is in this checkout as a release, in the folder of its version, for the tests of later ones:
 * `npm run keep-release`. A release that is kept is never written again.
 */
import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { KEPT, thisRelease } from './release.ts'

const folder = join(KEPT, packageJson.version)
const isKept = await access(folder).then(
  () => true,
  () => false,
)
if (isKept) {
  console.error(`${packageJson.version} is kept already.`)
  process.exit(1)
}
const { note, script, migrations } = await thisRelease(packageJson.version, true)
await mkdir(join(folder, 'migrations'), { recursive: true })
// The map of sources is not kept with it.
await writeFile(join(folder, 'index.js'), script.replace(/^\/\/# sourceMappingURL=.*$/m, ''))
for (const [name, sql] of migrations) await writeFile(join(folder, 'migrations', name), sql)
await writeFile(join(folder, 'release.json'), `${JSON.stringify(note, null, 2)}\n`)
console.log(`${packageJson.version} is kept: ${script.length} bytes, ${migrations.size} migrations.`)
