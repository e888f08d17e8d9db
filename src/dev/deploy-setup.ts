import { readFile, writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { CommandError } from './command-error.ts'
import { type AccountState, countRootKeys, workersDevAddress } from './deploy-account.ts'
import { keptIn } from './deploy-note.ts'
import { isIssuer, type OwnOptions } from './deploy-options.ts'
import { keepSecrets } from './deploy-secrets.ts'
import type { Installation } from './deploy-target.ts'
import type { Options } from './options.ts'
import { ROOT } from './paths.ts'
import { withVariable } from './toml.ts'

const ISSUER = 'URLS_SELF_ISSUER'

/** What the questions of a new installation came to. */
export interface SetUp {
  /** The file of the secrets, for wrangler to upload. */
  readonly secretsFile: string
  /** The names of the secrets in it. */
  readonly secrets: readonly string[]
  readonly issuer: string
  /** What the user should know. */
  readonly text: string
}

/**
 * Sets up a new installation: asks for the issuer and writes it into the configuration file; makes a system secret and
 * an admin key, and keeps them in `.ladon/NAME.env` before anything is uploaded, since what is sealed with a lost secret
 * is lost. A file that is there already is used as it is, so a set-up that stopped half-way can be repeated.
 *
 * @throws CommandError with exit code 2 if D1 holds keys, which are sealed with a secret that exists, if there is no
 *   issuer, or if the file cannot be used as it is
 */
export async function setUp(
  target: Installation & { readonly worker: string },
  own: OwnOptions,
  { database }: AccountState,
  options: Options,
): Promise<SetUp> {
  if (database !== undefined && (await countRootKeys(options)) > 0)
    throw new CommandError(
      [
        `Nothing was made: the D1 database ${database.name} holds keys, which are sealed with the SECRETS_SYSTEM of its`,
        'installation. A new secret would not open them. Deploy without --setup, and set the secret you kept if it is',
        'missing: npx wrangler secret put SECRETS_SYSTEM',
      ].join('\n'),
      2,
    )
  const issuer = await issuerOf(target, own, options)
  const { file, names, made } = await keepSecrets(keptIn(target), target.worker)
  await keepIssuer(target, issuer)
  // wrangler would upload what the environment has under these names, and not what is kept.
  for (const name of names) delete process.env[name]
  return {
    secretsFile: file,
    secrets: names,
    issuer,
    text: [
      '',
      `${made ? 'Made' : 'Uses'} the secrets in ${shown(file)}. Keep a copy of it where you keep secrets: without SECRETS_SYSTEM`,
      'nothing that is stored can be opened. The admin API takes the key behind "ops@all:" as Bearer token.',
      `The issuer is ${issuer}, which stands in ${shown(target.file)}.`,
      '',
      '',
    ].join('\n'),
  }
}

/** A file as it is called from the checkout. */
function shown(file: string): string {
  const within = relative(ROOT, file)
  return within.startsWith('..') ? file : within
}

/** Returns the issuer: the one that is given or set, or the answer to a question, whose default is the Worker's address. */
async function issuerOf(
  { config, routes, worker }: Installation & { readonly worker: string },
  own: OwnOptions,
  options: Options,
): Promise<string> {
  const set = options.vars().get(ISSUER) ?? config.vars[ISSUER]
  if (own.issuer !== undefined) return own.issuer
  if (typeof set === 'string' && set !== '') return set
  const domain = routes.find(({ custom_domain: custom }) => custom === true)?.pattern
  const address =
    domain !== undefined
      ? `https://${domain}`
      : routes.length === 0
        ? await workersDevAddress(worker, options)
        : undefined
  const answer = process.stdin.isTTY
    ? await ask(`Issuer${address === undefined ? '' : ` [${address}]`}: `)
    : ''
  const issuer = answer === '' ? address : answer
  if (issuer === undefined || !isIssuer(issuer))
    throw new CommandError('Nothing was made: no issuer is known. Say --issuer https://…', 2)
  return issuer
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(question)
  terminal.close()
  return answer.trim()
}

/** Writes the issuer into the variables of the configuration file, which count more than what was set before. */
async function keepIssuer({ config, environment, file }: Installation, issuer: string): Promise<void> {
  if (config.vars[ISSUER] === issuer) return
  const text = await readFile(file, 'utf8')
  await writeFile(file, withVariable(text, environment, ISSUER, issuer))
}
