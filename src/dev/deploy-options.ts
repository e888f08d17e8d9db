import { CommandError } from './command-error.ts'
import type { Options } from './options.ts'

/** Where D1 and ledgers may be restricted to. */
const JURISDICTIONS: readonly string[] = ['eu', 'us', 'fedramp']

/** The options of `ladon deploy` that are not wrangler's. */
export interface OwnOptions {
  /** Make the secrets of a new installation. */
  readonly setup: boolean
  /** The issuer of a new installation. */
  readonly issuer: string | undefined
  /** Deploy a Worker of another name than before, whose ledgers are empty. */
  readonly renamed: boolean
  /** Where D1 and ledgers are to be, and to stay. */
  readonly jurisdiction: string | undefined
}

/** What `--help` says of them. */
export const OWN_HELP = `
Of this command, the rest is wrangler's:

  --setup              make SECRETS_SYSTEM and an admin key, keep them in .ladon/NAME.env, and upload them
  --issuer URL         with --setup: the issuer; asked for if there is none
  --jurisdiction NAME  on the first deployment: where D1 and ledgers are restricted to (${JURISDICTIONS.join(', ')})
  --renamed            deploy a Worker of another name, which has none of the sessions, consents and tokens
`

/** Reads this command's own options, and returns the others for wrangler. Throws CommandError for a bad value. */
export function ownOptions(given: Options): { readonly own: OwnOptions; readonly options: Options } {
  const own = {
    setup: given.has('setup'),
    issuer: given.value('issuer'),
    renamed: given.has('renamed'),
    jurisdiction: given.value('jurisdiction'),
  }
  if (given.has('issuer') && (!own.setup || !isIssuer(own.issuer ?? '')))
    throw new CommandError('--issuer takes a URL, and belongs to --setup.', 2)
  if (given.has('jurisdiction') && !JURISDICTIONS.includes(own.jurisdiction ?? ''))
    throw new CommandError(`--jurisdiction takes one of ${JURISDICTIONS.join(', ')}.`, 2)
  return { own, options: given.without({ flags: ['setup', 'renamed'], values: ['issuer', 'jurisdiction'] }) }
}

/** Whether a text is a URL that an issuer may have. */
export const isIssuer = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && !/[?#]/.test(text)
