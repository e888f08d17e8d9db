import type { Command } from '../cli/command.ts'
import { commands } from '../cli/commands/registry.ts'
import { globalFlags } from '../cli/flags.ts'
import { callOf, flagRows } from '../cli/help.ts'

const HEAD = `# The command

\`ladon\` asks and changes a server by its HTTP API. In a checkout it is \`npm run -s ladon -- COMMAND\` (without \`-s\` npm writes
lines of its own into the output), or \`ladon COMMAND\`, as below, after this:

\`\`\`sh
alias ladon='npm run -s ladon --'
export LADON_URL=http://localhost:4444 LADON_ADMIN_KEY=ladon-dev-admin-key   # of npm run dev
\`\`\`

\`npm run build:cli\` and \`npm pack ./dist/cli\` make a package without dependencies, for Node 20 and newer, that installs
without a network.

| | |
| --- | --- |
| \`LADON_URL\`, else \`ORY_SDK_URL\` | the server, as \`--endpoint\`: its issuer. Without credentials or query |
| \`LADON_ADMIN_KEY\` | an API key; it and headers are only sent over https, or to this machine, and the key not to \`ORY_SDK_URL\` |
| \`LADON_HEADERS\` | lines like \`Name: value\`, sent with every request to the server, for example Cloudflare Access's |
| \`OAUTH2_CLIENT_ID\`, \`OAUTH2_CLIENT_SECRET\` | the client of \`perform\` and \`token revoke\` |
| \`NO_COLOR\` | no colours; there are none either where the output is no terminal |

Exit codes: 0 done, 1 refused, 2 called wrongly, 3 no answer, 70 a fault of the command itself. What is refused is told on the standard error, with the cause,
a fix where there is one, and the id of its line in the server's log.

Hydra's names and flags work for what is the same: with \`alias hydra=ladon\`, \`LADON_URL\` and \`LADON_ADMIN_KEY\` set, scripts
go on. Not there: \`--keybase\` and \`--pgp-key\`; \`--https\`, \`--skip\` and \`--no-shutdown\` of \`perform authorization-code\`;
\`--format jsonpath\` and \`jsonpointer\`, for which there is jq.

Hydra's own command, v26.2.0, and this one were run with the same words at one development server: 96 calls, and the logins
of \`perform\` in a browser. What differs:

- Hydra's ends with 1 for whatever fails; this one with 1, 2 or 3, as above.
- JSON of a client has \`[]\` where Hydra's leaves an empty list out. Tables have other columns: scripts should read JSON.
- \`create oauth2-client\` sends what is given; Hydra's adds \`request_object_signing_alg\` RS256 and \`skip_logout_consent\` false.
- \`import oauth2-client\` also takes one client, \`import jwk\` a set; the keys are shown without private members. An empty
  standard input is called wrongly, and not an empty list.
- \`get jwk\` names the set, which Hydra's leaves empty; of several sets, each key has its own.
- \`create\` or \`get\` alone lists what there is and ends with 2, where Hydra's ends with 0.
- Hydra's needs \`-H 'Authorization: Bearer KEY'\` here, but not in \`perform client-credentials\` and \`revoke token\`: there the
  header takes the place of the client's credentials. Its \`revoke token\` knows no other method than \`client_secret_basic\`.
`

/** Returns the reference of the command, made of the help of each. */
export const cliDocument = (): string => [HEAD, everyFlag(), ...commands.map(sectionOf)].join('\n')

const block = (lines: readonly string[]): string => ['```text', ...lines, '```', ''].join('\n')

const everyFlag = (): string => `## Flags of every command\n\n${block(flagRows(globalFlags))}`

function sectionOf(command: Command): string {
  const { name, about, more, flags, aliases = [], examples } = command
  const parts = [
    `## ladon ${name}`,
    more === undefined ? about : `${about} ${more}`,
    block([callOf(command), ...(Object.keys(flags).length > 0 ? ['', ...flagRows(flags)] : [])]),
    ...(aliases.length === 0 ? [] : [`Also: ${aliases.map((alias) => `\`ladon ${alias}\``).join(', ')}.\n`]),
    block(examples),
  ]
  return parts.join('\n\n').replaceAll('\n\n\n', '\n\n')
}
