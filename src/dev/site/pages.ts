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
    pages: [doc('start.md', 'Ten minutes, for people who are new to OAuth.')],
  },
  {
    title: 'Guides',
    pages: [
      doc('guides/README.md', 'All of them, with the versions they were tried with.'),
      doc('guides/web.md', 'It has a server and can keep a secret: login, tokens, logout.'),
      doc('guides/spa.md', 'It runs in the browser alone: CORS, refresh tokens, blocked cookies.'),
      doc('guides/resource-server.md', 'It asks about each access token.'),
      doc('guides/machine.md', 'A program without a user: client credentials.'),
      doc('guides/device.md', 'It has no browser, and shows a code: the device grant.'),
      doc('guides/mcp.md', 'Discovery, registration, a token for it alone.'),
      doc(
        'guides/login-app.md',
        'Login and consent pages of yours: in a Worker without an API key, in Node, in Next.js.',
      ),
      doc('guides/kratos.md', 'Login, registration, and logout on both sides.'),
      doc('guides/nextjs.md', 'The server keeps the tokens in an encrypted cookie, and renews them.'),
      doc('guides/oauth2-proxy.md', 'In front of an application that knows nothing of logins.'),
      doc('guides/spring.md', 'Login, an API with JWTs, an API that introspects.'),
      doc('guides/pages.md', 'Your brand, languages, what scopes allow.'),
      doc('guides/deploy.md', 'The first deployment; staging, upgrade, rollback, moving without an outage.'),
      doc('guides/cloudflare-access.md', 'A second lock: who has the key alone gets nowhere.'),
      doc('guides/residency.md', 'Jurisdictions and regions.'),
      doc('guides/backup.md', 'Into an empty account, or back in time.'),
      doc('guides/incidents.md', 'What to do when something leaked or broke, in which order.'),
    ],
  },
  {
    title: 'Reference',
    pages: [
      doc('reference/api.md', 'Every endpoint, with the ids of its operations.'),
      doc('cli.md', '`ladon`: what it does, each with its flags and examples.'),
      doc('reference/settings.md', 'Every setting, with its default.'),
      doc('errors.md', 'Every code and every reason of a refusal, and what to do.'),
      doc('reference/operate.md', 'Health, logs, keys, revocation and all else that operators ask about.'),
      doc('reference/registration.md', 'Who may register what, and for how long.'),
      doc('reference/openid-connect.md', 'What Ladon does of OAuth and OpenID Connect beyond Hydra.'),
      doc('reference/hydra.md', 'What is the same, what is not, how to move.'),
      doc('logs.md', 'Every kind of log line.'),
      doc('metrics.md', 'Status, counts, queries and alerts.'),
      doc('limits.md', 'What one network may send, guess and register, and how large it may be.'),
      doc('grants-book.md', 'Who uses a client.'),
      doc('retention.md', 'Where, for how long and why.'),
      doc('cost.md', 'What each operation asks of the platform, and its price.'),
      doc('faults.md', 'What each fault of the platform means.'),
      doc('interop.md', 'What was run, with which settings.'),
      doc('contract.md', 'What programs written for Hydra rely on, clause by clause.'),
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
