/** A page of the documents. */
export interface Doc {
  /** Its file below `docs/`. */
  readonly file: string
  /** What it is about, in one sentence. */
  readonly about: string
}

/** Pages of one kind. */
export interface Room {
  readonly title: string
  readonly pages: readonly Doc[]
}

/** The page that lists all others, made from this list. */
export const INDEX = 'README.md'

const doc = (file: string, about: string): Doc => ({ file, about })

/** Every page, in the order of the list. A test holds that no file is missing. */
export const ROOMS: readonly Room[] = [
  {
    title: 'Start',
    pages: [
      doc('start.md', 'A login in your own application in ten minutes, for people who are new to OAuth.'),
    ],
  },
  {
    title: 'Guides',
    pages: [
      doc('guides/README.md', 'All guides, with the versions they were tried with.'),
      doc('guides/web.md', 'A web application with a server: login, tokens, logout.'),
      doc('guides/spa.md', 'A single-page application: CORS, refresh tokens, blocked cookies.'),
      doc('guides/resource-server.md', 'An API that asks about each access token.'),
      doc('guides/machine.md', 'A program without a user: client credentials.'),
      doc('guides/device.md', 'A device without a browser: the device grant.'),
      doc('guides/mcp.md', 'An MCP server: discovery, registration, a token for it alone.'),
      doc('guides/login-app.md', 'A login and consent app in a Worker, without an API key.'),
      doc('guides/kratos.md', 'Users from Ory Kratos.'),
      doc('guides/nextjs.md', 'Next.js with Auth.js.'),
      doc('guides/oauth2-proxy.md', 'oauth2-proxy, in front of an application that knows nothing of logins.'),
      doc('guides/spring.md', 'Spring Boot: login, an API with JWTs, an API that introspects.'),
      doc('guides/pages.md', 'The built-in pages: brand, languages, what scopes allow.'),
      doc('guides/deploy.md', 'Staging, upgrade, rollback, moving without an outage.'),
      doc('guides/cloudflare-access.md', 'Cloudflare Access in front of the admin API.'),
      doc('guides/residency.md', 'What is stored where: jurisdictions and regions.'),
      doc('guides/backup.md', 'Back up and restore, into an empty account or back in time.'),
      doc('guides/incidents.md', 'What to do when something leaked or broke, in which order.'),
    ],
  },
  {
    title: 'Reference',
    pages: [
      doc('reference/api.md', 'Every endpoint, with the ids of its operations.'),
      doc('cli.md', 'The command `ladon`: each command, its flags, and examples.'),
      doc('reference/settings.md', 'Every setting, with its default.'),
      doc('errors.md', 'Every code and every reason of a refusal, and what to do.'),
      doc('reference/operate.md', 'Health, logs, keys, revocation and all else that operators ask about.'),
      doc('reference/registration.md', 'Dynamic registration: who may register what, and for how long.'),
      doc('reference/openid-connect.md', 'What Ladon does of OAuth and OpenID Connect beyond Hydra.'),
      doc('reference/hydra.md', 'Coming from Hydra: what is the same, what is not, how to move.'),
      doc('logs.md', 'Every kind of log line.'),
      doc('metrics.md', 'Status, counts, queries and alerts.'),
      doc('limits.md', 'What one network may send, guess and register, and how large it may be.'),
      doc('grants-book.md', 'Who uses a client.'),
      doc('retention.md', 'What is stored about people, where, for how long and why.'),
      doc('cost.md', 'What each operation asks of the platform, and its price.'),
      doc('faults.md', 'What each fault of the platform means.'),
      doc('interop.md', 'Clients of other languages: what was run, with which settings.'),
      doc('contract.md', 'The wire contract: what programs written for Hydra rely on, clause by clause.'),
    ],
  },
  {
    title: 'Explanation',
    pages: [
      doc('explain/login.md', 'What happens in a login, and what your login app does.'),
      doc('explain/ledger.md', 'Where sessions and tokens live, and why nothing counts twice.'),
      doc('explain/envelopes.md', 'What tokens, codes and challenges are made of.'),
      doc('explain/revocation.md', 'What ends when something is revoked, and how fast.'),
      doc('explain/rotation.md', 'How keys, secrets and refresh tokens change.'),
      doc('bench.md', 'What Ladon costs the CPU, and the worst that may be sent to it.'),
      doc('proof.md', 'What the long tests gave.'),
      doc('unproven.md', 'What no test shows.'),
    ],
  },
]

/** Every page, the list of all others first. */
export const DOCS: readonly Doc[] = [
  { file: INDEX, about: 'All documents.' },
  ...ROOMS.flatMap(({ pages }) => pages),
]
