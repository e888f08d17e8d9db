import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CloudflareAccount } from '../support/cloudflare/account.ts'
import { block, guide, plain, withRoutes, withVariablesOf } from '../support/cloudflare/guide.ts'
import { ladon } from './ladon.ts'

/** How long it may take on a machine that does other things besides, ms. */
const LONG = 900_000

it(
  'the name of another server leads here when the guide says so, and not before',
  async () => {
    const home = await mkdtemp(join(tmpdir(), 'ladon-cut-over-'))
    const account = new CloudflareAccount()
    const env = await account.listen()
    const file = join(home, 'wrangler.toml')
    const deploy = async (toml: string, ...args: readonly string[]): Promise<string> => {
      await writeFile(file, toml)
      const { code, output } = await ladon(['deploy', '--', '--config', file, ...args], env)
      expect(code, output).toBe(0)
      return output
    }
    const worker = () => account.workers.get('own')
    try {
      const move = guide.indexOf('## Move from another server')
      const [lines = ''] = /URLS_SELF_ISSUER = "[^`]*/.exec(guide.slice(move)) ?? []
      const [given = ''] = /--setup --issuer \S+(?=`)/.exec(guide.slice(move)) ?? []
      const hosts = lines.replaceAll(/^ {3}/gm, '').replace('ladon.ACCOUNT', 'own.account')
      const before = withVariablesOf(plain.replaceAll('"ladon"', '"own"'), hosts)
      const first = await deploy(before, ...given.split(' '))
      expect(first).toContain('https://own.account.workers.dev/health/ready')
      expect(worker()).toMatchObject({ domains: [], subdomain: { enabled: true } })

      const moved = withRoutes(before)
      expect(block('routes = [{')).toContain('login.example.com')
      expect(await deploy(moved)).toContain('https://login.example.com/health/ready')
      expect(worker()).toMatchObject({ domains: ['login.example.com'], subdomain: { enabled: false } })

      // To leave the routes out takes no name away: the guide says what does.
      await deploy(before)
      expect(worker()?.domains).toEqual(['login.example.com'])
      expect(guide.slice(move)).toContain('remove it in the dashboard')
    } finally {
      account.close()
      await rm(home, { recursive: true, force: true })
    }
  },
  LONG,
)
