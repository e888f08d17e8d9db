import { CommandError } from './command-error.ts'

type Command = (args: readonly string[]) => Promise<number>

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  dev: async () => (await import('./dev.ts')).dev,
  reset: async () => (await import('./reset.ts')).reset,
  deploy: async () => (await import('./deploy.ts')).deploy,
  backup: async () => (await import('./backup.ts')).backup,
  restore: async () => (await import('./restore.ts')).restore,
  smoke: async () => (await import('./smoke.ts')).smoke,
  'build-cli': async () => (await import('./build-cli.ts')).buildCliCommand,
  docs: async () => (await import('./docs.ts')).docs,
  test: async () => (await import('./test.ts')).test,
}

const USAGE = `Usage: ladon <command> [arguments for the tools it runs]

  dev      serve on http://localhost:4444 with local D1, KV and Durable Objects
  reset    clear that server's state
  deploy   apply D1 migrations and deploy to Cloudflare; --dry-run only bundles
  backup   write the D1 database into a file
  restore  put such a file into an empty D1 database
  smoke    try a deployed server: a whole login with a temporary client
  build-cli  make dist/cli, the command ladon as a package
  docs     write the documents that are made from the code
  test     type check, lint and all tests
`

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load === undefined) {
    console.error(USAGE)
    return name === '' || name === 'help' || name === '--help' ? 0 : 2
  }
  const command = await load()
  return command(args)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (thrown) {
  if (!(thrown instanceof CommandError)) throw thrown
  console.error(thrown.message)
  process.exitCode = thrown.exitCode
}
