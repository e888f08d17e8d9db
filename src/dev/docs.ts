import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { allCodes, anchorOf, type ErrorCode, failureOf } from '../errors/catalogue.ts'
import { allReasons, type Explained, type Reason, templateOf } from '../errors/reasons.ts'
import { apiReference } from './api-reference.ts'
import { cliDocument } from './cli-document.ts'
import { writeOpenApi } from './openapi.ts'
import { ROOT } from './paths.ts'
import { writeSite } from './site/build.ts'
import { writeIndex } from './site/contents.ts'

const HEAD = `# Errors

An error has a code and a reason. The code is the \`error\` of the answer. The reason says why this very request was refused:
the log line of the request names it as \`reason\`, with what its text speaks of as \`facts\`, here in braces. The answer says
it too, cause first, then what to do, then the sentence of the code, if whoever was refused may know it;
else the line has these words, as \`why\`. Each answer links to its place on this page (\`Link\` with \`rel="help"\`), where
the documents are served.

The pages of the demo application have no reasons: it is a client, and shows what it was answered. On a development server
(an issuer on this machine) the page tells \`redirect_uri_near\` too.

## Codes
`

const REASONS = `
## Reasons
`

const READERS: Readonly<Record<Explained['reader'], string>> = {
  anyone: 'Told to whoever was refused.',
  client: 'Told to a client that authenticated, and written to the log.',
  operator: 'Written to the log only.',
}

/** Returns the part of the document about what has one anchor among the codes: one code, or several with one name. */
function codePart(anchor: string, codes: readonly ErrorCode[]): string {
  const lines = codes.map(failureOf).map(({ status, error, description }) => {
    const told = error === anchor ? '' : ` \`${error}\``
    return `- Status ${status}${told}. ${description}`.trimEnd()
  })
  return `\n### ${anchor}\n\n${[...new Set(lines)].join('\n')}\n`
}

function reasonPart(reason: Reason): string {
  const { text, fix, reader } = templateOf(reason)
  return `\n### ${reason}\n\n${text}\n${fix}\n${READERS[reader]}\n`
}

/** Returns the document that explains errors, for whoever reads an answer or a log. */
export function errorsDocument(): string {
  const codes = Map.groupBy(allCodes(), anchorOf)
  const parts = [...codes].map(([anchor, all]) => codePart(anchor, all))
  return HEAD + parts.join('') + REASONS + allReasons().map(reasonPart).join('')
}

/** `ladon docs`: writes the documents that are generated from the code. Returns the exit code. */
export async function docs(): Promise<number> {
  await writeFile(join(ROOT, 'docs/errors.md'), errorsDocument())
  await writeFile(join(ROOT, 'docs/cli.md'), cliDocument())
  await writeOpenApi()
  const openApi = await readFile(join(ROOT, 'src/assets/openapi.json'), 'utf8')
  await writeFile(join(ROOT, 'docs/reference/api.md'), apiReference(openApi))
  await writeIndex()
  await writeSite()
  return 0
}
