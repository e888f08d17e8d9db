import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ladon } from './ladon.ts'

/** Design section 9: the whole Worker, minified. */
const MAX_BYTES = 250_000

it('bundles without account or network, and stays small', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ladon-bundle-'))
  try {
    const { code, output } = await ladon(['deploy', '--', '--dry-run', '--outdir', directory])
    expect(output).toContain('--dry-run: exiting now')
    expect(code).toBe(0)
    const scripts = (await readdir(directory)).filter((name) => name.endsWith('.js'))
    expect(scripts).toEqual(['index.js'])
    const { size } = await stat(join(directory, 'index.js'))
    console.log(`The bundle has ${size} bytes.`)
    expect(size).toBeGreaterThan(50_000)
    expect(size).toBeLessThan(MAX_BYTES)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
