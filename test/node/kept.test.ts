import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keepSecrets } from '../../src/dev/deploy-secrets.ts'

let home: string
let kept: string
let file: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ladon-kept-'))
  kept = join(home, '.ladon')
  file = join(kept, 'own.env')
})

afterEach(() => rm(home, { recursive: true, force: true }))

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

const WHOLE = 'SECRETS_SYSTEM=one\nADMIN_API_KEYS=two\n'

describe('secrets that are kept', () => {
  it('are their owner’s alone, and no repository takes them', async () => {
    await mkdir(kept, { mode: 0o755 })
    expect(await keepSecrets(kept, 'own')).toMatchObject({ file, made: true })
    expect([await modeOf(kept), await modeOf(file)]).toEqual([0o700, 0o600])
    expect(await readFile(join(kept, '.gitignore'), 'utf8')).toBe('*\n')
    const before = await readFile(file, 'utf8')
    expect(await keepSecrets(kept, 'own')).toMatchObject({ file, made: false })
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  it.each([
    ['can be read by others', WHOLE, 0o644, 'chmod 600'],
    ['lacks one', 'SECRETS_SYSTEM=one\n', 0o600, 'lacks ADMIN_API_KEYS'],
    ['has an empty one', 'SECRETS_SYSTEM=\nADMIN_API_KEYS=two\n', 0o600, 'lacks SECRETS_SYSTEM'],
  ])('are refused where the file %s', async (_case, text, mode, said) => {
    await mkdir(kept)
    await writeFile(file, text)
    await chmod(file, mode)
    await expect(keepSecrets(kept, 'own')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(said),
    })
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it('are refused where a link is in the place of the file', async () => {
    await mkdir(kept)
    await writeFile(join(home, 'elsewhere'), WHOLE, { mode: 0o600 })
    await symlink(join(home, 'elsewhere'), file)
    await expect(keepSecrets(kept, 'own')).rejects.toThrow('no regular file')
  })
})
