import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { plantGrants } from './rows.ts'
import { FLOW, newAttempt, Subject, seconds } from './support.ts'

/**
 * A database as release 1 wrote it. Never edit: a release that cannot read this cannot be deployed. A new format
 * gets a sample of its own beside it.
 */
const RELEASE_1 = {
  sessions: `CREATE TABLE sessions (sid TEXT NOT NULL PRIMARY KEY, subject TEXT NOT NULL, auth_time INTEGER NOT NULL,
    remember INTEGER NOT NULL, ends INTEGER, flow_expires INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0,
    attempt TEXT NOT NULL, expires INTEGER) WITHOUT ROWID`,
  session: `INSERT INTO sessions VALUES ('sid-1', 'alice', 1700000000, 1, NULL, 1700001800, 0, 'attempt-1', NULL)`,
  grants: `CREATE TABLE grants (id TEXT NOT NULL PRIMARY KEY, client TEXT NOT NULL, sid TEXT NOT NULL,
    skipped INTEGER NOT NULL, remembered INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0, consent_ends INTEGER,
    granted_at INTEGER NOT NULL, digest TEXT NOT NULL, code_expires INTEGER NOT NULL, flow_expires INTEGER NOT NULL,
    code_attempt TEXT, generation INTEGER NOT NULL DEFAULT 0, issued_at INTEGER NOT NULL DEFAULT 0,
    attempt TEXT NOT NULL, recent TEXT NOT NULL DEFAULT '[]', expires INTEGER, record TEXT NOT NULL,
    notify TEXT NOT NULL DEFAULT '') WITHOUT ROWID`,
  grant: `INSERT INTO grants VALUES ('grant-1', 'app', 'sid-1', 0, 1, 0, NULL, 1700000010, 'digest-1', 1700000610,
    1700001800, 'attempt-2', 3, 1700000700, 'attempt-3', '[[1,1700000650000,0,null],[2,1700000700000,1,"attempt-x"]]',
    NULL, '{"v":1,"subject":"alice","clientId":"app","instance":"instance-1","sid":"sid-1","query":"client_id=app","requestedAt":1700000000,"authTime":1700000000,"scope":["openid","offline"],"audience":["https://api.example"],"requestedScope":["openid","offline"],"requestedAudience":[],"nonce":"n-1","acr":"0","amr":["pwd"],"remember":true,"rememberFor":0,"handledAt":1700000010,"accessTokenClaims":{"plan":"gold"},"idTokenClaims":{"email":"a@example"},"context":{"k":[1,null]}}', '')`,
  epochs: `CREATE TABLE epochs (client TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL, attempt TEXT NOT NULL,
    expires INTEGER NOT NULL) WITHOUT ROWID`,
  epoch: `INSERT INTO epochs VALUES ('', 1700000000000, 'attempt-4', 99999999999),
    ('app', 1700000000001, 'attempt-5', 99999999999)`,
  consumed: `CREATE TABLE consumed (id TEXT NOT NULL PRIMARY KEY, attempt TEXT NOT NULL, expires INTEGER NOT NULL)
    WITHOUT ROWID`,
  spentId: `INSERT INTO consumed VALUES ('jti-1', 'attempt-6', 99999999999)`,
  directory: 'CREATE TABLE directory (sid TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID',
  entry: `INSERT INTO directory VALUES ('sid-1', 'owner-1')`,
  blobs:
    'CREATE TABLE blobs (id TEXT NOT NULL PRIMARY KEY, expires INTEGER NOT NULL, data TEXT NOT NULL) WITHOUT ROWID',
  blob: `INSERT INTO blobs VALUES ('blob-1', 99999999999, 'text')`,
}

/**
 * What release 2 adds: columns at the end; a remembered consent whose tokens have ended, without what went into them; a
 * grant that rests on it.
 */
const RELEASE_2 = {
  grants: ", rests_on TEXT NOT NULL DEFAULT '', tokens_end INTEGER) WITHOUT ROWID",
  consent: `INSERT INTO grants VALUES ('grant-1', 'app', 'sid-1', 0, 1, 1, NULL, 1700000010, 'digest-1', 1700000610,
    1700001800, 'attempt-2', 3, 1700000700, 'attempt-3', '[]', NULL, '{"v":1,"subject":"alice","clientId":"app","instance":"instance-1","sid":"sid-1","query":"client_id=app","requestedAt":1700000000,"authTime":1700000000,"scope":["openid","offline"],"audience":["https://api.example"],"requestedScope":["openid","offline"],"requestedAudience":[],"nonce":null,"acr":"0","amr":["pwd"],"remember":true,"rememberFor":0,"handledAt":1700000010,"accessTokenClaims":{},"idTokenClaims":{},"context":null}', '', '', 1702592700)`,
  resting: `INSERT INTO grants VALUES ('grant-2', 'app', 'sid-1', 1, 0, 0, NULL, 1700000010, 'digest-1', 1700000610,
    1700001800, 'attempt-2', 1, 1700000700, 'attempt-3', '[]', NULL, '{"v":1,"subject":"alice","clientId":"app","instance":"instance-1","sid":"sid-1","query":"client_id=app","requestedAt":1700000000,"authTime":1700000000,"scope":["openid","offline"],"audience":[],"requestedScope":["openid","offline"],"requestedAudience":[],"nonce":"n-1","acr":"0","amr":[],"remember":true,"rememberFor":0,"handledAt":1700000010,"accessTokenClaims":{"plan":"gold"},"idTokenClaims":{},"context":null}', '', 'grant-1', NULL)`,
}

/** Notices of release 2: all are for clients. */
const NOTICES_2 = {
  notices: `CREATE TABLE notices (id TEXT NOT NULL PRIMARY KEY, client TEXT NOT NULL, instance TEXT NOT NULL,
    subject TEXT NOT NULL, sid TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL,
    attempt TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID`,
  notice: `INSERT INTO notices VALUES ('jti-1', 'app', 'instance-1', 'alice', 'sid-1', 1, 9999999999, 'queued',
    99999999999)`,
}

/** What release 3 adds: the identity provider's session, and a notice for the provider. */
const RELEASE_3 = {
  sessions: ", provider_session TEXT NOT NULL DEFAULT '') WITHOUT ROWID",
  session: `INSERT INTO sessions VALUES ('sid-2', 'alice', 1700000000, 1, NULL, 1700001800, 0, 'attempt-1', NULL,
    'provider-1')`,
  notices: ", kind TEXT NOT NULL DEFAULT 'client') WITHOUT ROWID",
  notice: `INSERT INTO notices VALUES ('id-2', '', '', '', 'provider-0', 0, 9999999999, 'queued', 99999999999,
    'identity_provider')`,
}

/**
 * What release 4 adds: the epoch that rows are stamped with, and which clients a session tells of its end; an older
 * release kept those in its grants.
 */
const RELEASE_4 = {
  sessions: `, epoch INTEGER NOT NULL DEFAULT 0, revoked INTEGER NOT NULL DEFAULT 0,
    recipients TEXT NOT NULL DEFAULT '[]', used INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID`,
  grants: ', epoch INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID',
}

/** The table that release 4 adds: the remembered consent of each client. */
const REMEMBERED_4 =
  'CREATE TABLE remembered (client TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID'

/** The table that release 5 adds, in the place of two. */
const LOGINS_5 = {
  logins: `CREATE TABLE logins (kind INTEGER, id TEXT, client TEXT, sid TEXT, skipped INTEGER, remembered INTEGER,
    revoked INTEGER, consent_ends INTEGER, granted_at INTEGER, digest TEXT, code_expires INTEGER,
    flow_expires INTEGER, code_attempt TEXT, generation INTEGER, issued_at INTEGER, attempt TEXT, recent TEXT,
    expires INTEGER, record TEXT, notify TEXT, rests_on TEXT, tokens_end INTEGER, epoch INTEGER, subject TEXT,
    auth_time INTEGER, remember INTEGER, ends INTEGER, ended INTEGER, provider_session TEXT, recipients TEXT,
    used INTEGER, PRIMARY KEY (kind, id)) WITHOUT ROWID`,
  session: `INSERT INTO logins (kind, id, subject, auth_time, remember, ends, flow_expires, ended, attempt, expires,
    provider_session, epoch, revoked, recipients, used) VALUES (1, 'sid-1', 'alice', 1700000000, 1, NULL, 1700001800, 0,
    'attempt-1', NULL, '', 0, 0, '[]', 1700000000)`,
  grant: `INSERT INTO logins (kind, id, client, sid, skipped, remembered, revoked, consent_ends, granted_at, digest,
    code_expires, flow_expires, code_attempt, generation, issued_at, attempt, recent, expires, record, notify, rests_on,
    tokens_end, epoch) VALUES (0, 'grant-1', 'app', 'sid-1', 0, 1, 0, NULL, 1700000010, 'digest-1', 1700000610,
    1700001800, 'attempt-2', 3, 1700000700, 'attempt-3', '[[2,1700000700000,1,"attempt-x"]]', NULL,
    '{"v":1,"subject":"alice","clientId":"app","instance":"instance-1","sid":"sid-1","query":"client_id=app","requestedAt":1700000000,"authTime":1700000000,"scope":["openid","offline"],"audience":["https://api.example"],"requestedScope":["openid","offline"],"requestedAudience":[],"nonce":"n-1","acr":"0","amr":["pwd"],"remember":true,"rememberFor":0,"handledAt":1700000010,"accessTokenClaims":{"plan":"gold"},"idTokenClaims":{"email":"a@example"},"context":{"k":[1,null]}}',
    '{"instance":"instance-1"}', '', NULL, 0)`,
}

/** What release 6 adds: when a session ended; when the tokens of a grant did, and by what. */
const LOGINS_6 = {
  logins: LOGINS_5.logins.replace(' epoch INTEGER,', ' epoch INTEGER, ended_at INTEGER, ended_by TEXT,'),
  grant: `UPDATE logins SET revoked = 1, ended_at = 1700000900, ended_by = 'token_revoked' WHERE kind = 0`,
  session: 'UPDATE logins SET ended = 1, ended_at = 1700000901 WHERE kind = 1',
}

/** What release 4 has its alarm clean up, and from which key on. */
const SWEEPS_4 = {
  sweeps: `CREATE TABLE sweeps (name TEXT NOT NULL PRIMARY KEY, position TEXT NOT NULL, keep_until INTEGER NOT NULL,
    notify INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID`,
  planned: `INSERT INTO sweeps VALUES ('grants', 'grant-0', 0, 0)`,
}

/** What a network has spent, of release 4. */
const ALLOWANCES_4 = {
  allowances: `CREATE TABLE allowances (id TEXT NOT NULL PRIMARY KEY, whole_ms INTEGER NOT NULL, attempt TEXT NOT NULL,
    expires INTEGER NOT NULL) WITHOUT ROWID`,
  spent: `INSERT INTO allowances VALUES ('id-1', 9999999999999, 'attempt-1', 9999999999)`,
}

/** What the client of the sample may have. */
const limits = {
  scope: ['openid', 'offline'],
  audience: ['https://api.example'],
  strategy: 'exact',
} as const

async function restored(statements: readonly string[]): Promise<Subject> {
  const user = new Subject()
  await runInDurableObject(user.stub, (_ledger, state) => {
    for (const statement of statements) state.storage.sql.exec(statement)
  })
  await evictDurableObject(user.stub)
  return user
}

it('reads every table of release 1', async () => {
  const user = await restored(Object.values(RELEASE_1))
  expect(await user.call('session', { sid: 'sid-1' })).toEqual({
    sid: 'sid-1',
    subject: 'alice',
    authTime: 1700000000,
    remember: true,
  })
  const login = { sid: 'sid-1', subject: 'alice', skip: true, expiresAt: null }
  expect(await user.call('login', user.loginInput(login))).toEqual({
    status: 'active',
    epoch: 1700000000001,
    // What its request asked for is not known, so it covers no claims.
    remembered: {
      id: 'grant-1',
      scope: ['openid', 'offline'],
      audience: ['https://api.example'],
      claims: [],
    },
  })
  const [grant] = await user.list()
  expect(grant).toMatchObject({
    id: 'grant-1',
    nonce: 'n-1',
    amr: ['pwd'],
    idTokenClaims: { email: 'a@example' },
  })
  expect(grant).toMatchObject({ context: { k: [1, null] }, accessTokenClaims: { plan: 'gold' } })
  expect(grant).not.toHaveProperty('v')
  const refresh = user.refreshInput(3, { id: 'grant-1', limits })
  expect(await user.call('refresh', refresh)).toMatchObject({
    status: 'issued',
    generation: 4,
    via: 'advance',
  })
  const late = user.refreshInput(2, { id: 'grant-1', limits })
  expect(await user.call('refresh', late)).toEqual({ status: 'reused' })
  expect(await user.rows('remembered')).toEqual([{ client: 'app', id: 'grant-1' }])
  expect(await user.call('isIdRevoked', { id: 'jti-1' })).toBe(true)
  expect(await user.call('owners', { prefix: 'sid-1' })).toEqual([{ sid: 'sid-1', owner: 'owner-1' }])
  expect(await user.call('getBlob', { id: 'blob-1' })).toBe('text')
})

const END = ') WITHOUT ROWID'
/** The tables of release 4, with rows that have what release 1 wrote. */
const TABLES_4 = {
  ...RELEASE_1,
  sessions: RELEASE_1.sessions.replace(END, RELEASE_3.sessions).replace(END, RELEASE_4.sessions),
  session: RELEASE_1.session.replace(/\)$/, ", '', 1700000000001, 0, '[]', 0)"),
  grants: RELEASE_1.grants.replace(END, RELEASE_2.grants).replace(END, RELEASE_4.grants),
  grant: RELEASE_1.grant.replace(/\)$/, ", '', NULL, 1700000000001)"),
  remembered: REMEMBERED_4,
  consent: "INSERT INTO remembered VALUES ('app', 'grant-1')",
}

it.each([
  ['release 1', RELEASE_1],
  ['release 4', TABLES_4],
])('takes the tables of %s over into one, with every row', async (_name, tables) => {
  const user = await restored(Object.values(tables))
  const own = { attempt: 'attempt-1', expires: null, recipients: '[]', epoch: 1700000000001 }
  const session = { sid: 'sid-1', subject: 'alice', auth_time: 1700000000, remember: 1, ended: 0 }
  const grant = { id: 'grant-1', client: 'app', sid: 'sid-1', generation: 3, remembered: 1, rests_on: '' }
  expect(await user.call('session', { sid: 'sid-1' })).not.toBeNull()
  expect(await user.rows('sessions')).toMatchObject([{ ...session, ...own }])
  expect(await user.rows('grants')).toMatchObject([
    { ...grant, attempt: 'attempt-3', code_attempt: 'attempt-2', digest: 'digest-1' },
  ])
  expect(await user.rows('remembered')).toEqual([{ client: 'app', id: 'grant-1' }])
  expect((await user.tables()).toSorted()).toEqual(
    ['blobs', 'consumed', 'directory', 'epochs', 'logins', 'remembered'].toSorted(),
  )
})

it('reads sessions and grants of release 5, which found what is remembered by looking', async () => {
  const user = await restored(Object.values(LOGINS_5))
  const login = { sid: 'sid-1', subject: 'alice', skip: true, expiresAt: null }
  const remembered = { id: 'grant-1', scope: ['openid', 'offline'] }
  expect(await user.call('login', user.loginInput(login))).toMatchObject({ status: 'active', remembered })
  const refresh = user.refreshInput(3, { id: 'grant-1', limits })
  expect(await user.call('refresh', refresh)).toMatchObject({ generation: 4, via: 'advance' })
  const ending = {
    attempt: newAttempt(),
    target: { sid: 'sid-1' },
    flowLifetime: FLOW,
    notify: true,
    revoke: false,
  }
  expect((await user.call('endSessions', ending)).told).toEqual([
    { client: 'app', instance: 'instance-1', subject: 'alice', sid: 'sid-1' },
  ])
})

it('reads when sessions and tokens of release 6 ended, and nothing of that in rows of release 5', async () => {
  const asked = { id: 'grant-1', sid: 'sid-1', generation: 3 }
  const older = await restored(Object.values(LOGINS_5))
  const open = { grant: { generation: 3, ended: null }, session: { ended: false, endedAt: null } }
  expect(await older.call('story', asked)).toMatchObject(open)
  const rows = { ...LOGINS_5, logins: LOGINS_6.logins }
  const user = await restored([...Object.values(rows), LOGINS_6.grant, LOGINS_6.session])
  expect(await user.call('story', asked)).toMatchObject({
    grant: { ended: { by: 'token_revoked', at: 1700000900 }, consented: { subject: 'alice' } },
    session: { ended: true, endedAt: 1700000901 },
  })
})

/** Release 5, and release 4 after it came back for a while: both tables have rows of the same keys. */
const BOTH = [...Object.values(TABLES_4), ...Object.values(LOGINS_5)]

it.each([
  ['nothing ended, and the refreshed grant', [], { generation: 5, revoked: 0, record: /gold/ }, { ended: 0 }],
  [
    'what the release before ended',
    ['UPDATE sessions SET ended = 1, revoked = 1, expires = 1700000001', 'UPDATE grants SET revoked = 1'],
    { generation: 3, revoked: 1, record: /gold/ },
    // Its tombstone outlives the flow, which the other row has too.
    { ended: 1, revoked: 1, expires: 1700001800 },
  ],
  [
    'what this release ended',
    [
      `UPDATE logins SET ended = 1, revoked = 1, expires = 1900000000, subject = '' WHERE kind = 1`,
      `UPDATE logins SET revoked = 1, record = '', generation = 1 WHERE kind = 0`,
    ],
    { generation: 1, revoked: 1, record: /^$/ },
    { ended: 1, revoked: 1, expires: 1900000000, subject: '' },
  ],
])('takes tables over beside those that are there: %s', async (_name, changes, grant, session) => {
  const further = 'UPDATE logins SET generation = 5 WHERE kind = 0'
  const user = await restored([...BOTH, further, ...changes])
  await user.call('ping', null)
  expect(await user.rows('grants')).toMatchObject([
    { id: 'grant-1', ...grant, record: expect.stringMatching(grant.record), epoch: 0 },
  ])
  expect(await user.rows('sessions')).toMatchObject([
    { sid: 'sid-1', subject: 'alice', epoch: 0, ...session },
  ])
  expect(await user.tables()).not.toContain('sessions')
})

it('makes the indexes of a release that came back whole again: consents that are remembered, clients to tell', async () => {
  const meanwhile = LOGINS_5.grant
    .replaceAll('grant-1', 'grant-2')
    .replace("'app', 'sid-1'", "'web', 'sid-1'")
    .replace('"clientId":"app"', '"clientId":"web"')
    .replace(/, 0\)$/, ', 1700000000001)')
  const user = await restored([...BOTH, meanwhile])
  const login = { sid: 'sid-1', subject: 'alice', clientId: 'web', skip: true, expiresAt: null }
  const remembered = { id: 'grant-2', scope: ['openid', 'offline'] }
  expect(await user.call('login', user.loginInput(login))).toMatchObject({ status: 'active', remembered })
  const target = { sid: 'sid-1' }
  const ending = { attempt: newAttempt(), target, flowLifetime: FLOW, notify: true, revoke: false }
  const { told = [] } = await user.call('endSessions', ending)
  expect(told.map(({ client }) => client).toSorted()).toEqual(['app', 'web'])
})

it('reads a consent of release 2 whose tokens have ended, and what rests on it', async () => {
  const { sessions, session } = RELEASE_1
  const grants = RELEASE_1.grants.replace(') WITHOUT ROWID', RELEASE_2.grants)
  const user = await restored([sessions, session, grants, RELEASE_2.consent, RELEASE_2.resting])
  expect(await user.list()).toMatchObject([{ id: 'grant-1', scope: ['openid', 'offline'] }])
  const login = { sid: 'sid-1', subject: 'alice', skip: true, expiresAt: null }
  expect(await user.call('login', user.loginInput(login))).toMatchObject({ remembered: { id: 'grant-1' } })
  const resting = user.refreshInput(1, { id: 'grant-2', limits })
  expect(await user.call('refresh', resting)).toMatchObject({ status: 'issued', generation: 2 })
  const target = { id: 'grant-1' }
  expect(await user.call('revokeGrants', { attempt: newAttempt(), target, flowLifetime: FLOW })).toEqual({
    revoked: ['grant-1', 'grant-2'],
  })
})

it('reads sessions and notices of release 2, and those of release 3 beside them', async () => {
  const { sessions, session, grants } = RELEASE_1
  const { notices, notice } = NOTICES_2
  const old = await restored([sessions, session, grants, notices, notice])
  const ending = (user: Subject, sid: string, attempt = newAttempt()) =>
    user.call('endSessions', {
      ...{ attempt, target: { sid }, flowLifetime: FLOW, notify: true, revoke: false },
      endsProviderSession: true,
    })
  expect(await ending(old, 'sid-1')).toMatchObject({ ended: ['sid-1'], notices: [] })
  const toClient = {
    id: 'jti-1',
    kind: 'client',
    client: 'app',
    instance: 'instance-1',
    subject: 'alice',
    sid: 'sid-1',
  }
  expect((await ending(old, 'none', 'queued')).notices).toEqual([toClient])
  const changed = [sessions, notices].map((table, index) =>
    table.replace(') WITHOUT ROWID', [RELEASE_3.sessions, RELEASE_3.notices][index] ?? ''),
  )
  const user = await restored([...changed, grants, RELEASE_3.session, RELEASE_3.notice])
  expect((await ending(user, 'none', 'queued')).notices).toEqual([
    { id: 'id-2', kind: 'identity_provider', sid: 'provider-0' },
  ])
  expect((await ending(user, 'sid-2')).notices).toEqual([
    { id: expect.any(String), kind: 'identity_provider', sid: 'provider-1' },
  ])
})

it('reads a grant whose claims a token hook replaced', async () => {
  const hooked = RELEASE_1.grant.replace(
    '"context":{"k":[1,null]}}',
    '"context":{"k":[1,null]},"hooked":{"accessTokenClaims":{"plan":"free"},"idTokenClaims":{}}}',
  )
  expect(hooked).not.toBe(RELEASE_1.grant)
  const user = await restored([RELEASE_1.sessions, RELEASE_1.session, RELEASE_1.grants, hooked])
  const consented = { accessTokenClaims: { plan: 'gold' }, idTokenClaims: { email: 'a@example' } }
  const counting = { accessTokenClaims: { plan: 'free' }, idTokenClaims: {} }
  expect((await user.list())[0]).toMatchObject(consented)
  const refresh = user.refreshInput(3, { id: 'grant-1', limits })
  for (const generation of [4, 4]) {
    const asked = await user.call('refresh', { ...refresh, hook: 'ask' })
    expect(asked).toMatchObject({ status: 'issued', generation, via: 'advance', grant: counting })
  }
  const replaced = { accessTokenClaims: { plan: 'none' }, idTokenClaims: { email: 'b@example' } }
  const committed = await user.call('refresh', { ...refresh, hook: replaced })
  expect(committed).toMatchObject({ generation: 4, via: 'advance', grant: replaced })
  const [grant] = await user.list()
  expect(grant).toMatchObject(consented)
  expect(grant).not.toHaveProperty('hooked')
})

it('tells the clients that grants of release 1 named, each once', async () => {
  const grant = (id: string, notify: string) =>
    RELEASE_1.grant.replace("'grant-1'", `'${id}'`).replace(/''\)$/, `'${notify}')`)
  const one = '{"instance":"instance-1","sub":"pairwise","sid":"pairwise-sid"}'
  const grants = [grant('grant-1', one), grant('grant-2', one), grant('grant-3', '{"instance":"instance-2"}')]
  const user = await restored([RELEASE_1.sessions, RELEASE_1.session, RELEASE_1.grants, ...grants])
  const target = { sid: 'sid-1' }
  const ending = { attempt: newAttempt(), target, flowLifetime: FLOW, notify: true, revoke: false }
  expect((await user.call('endSessions', ending)).told).toEqual([
    { client: 'app', instance: 'instance-1', subject: 'pairwise', sid: 'pairwise-sid' },
    { client: 'app', instance: 'instance-2', subject: 'alice', sid: 'sid-1' },
  ])
})

it('writes release 1 as the sample shows it, and what the later ones add', async () => {
  const user = new Subject()
  await user.issued({}, { record: { remember: true } })
  for (let grant = 0; grant < 100; grant += 1)
    await user.call('grant', user.grantInput({ id: crypto.randomUUID() }))
  await user.call('consumeId', { attempt: 'a', id: 'x', expiresAt: seconds() + 60 })
  await user.call('bindSession', { sid: 'x', owner: 'x' })
  await user.call('putBlob', { id: 'x', data: 'x', expiresAt: seconds() + 60 })
  await user.call('spend', { attempt: 'a', allowances: [{ id: 'x', burst: 1, everyMs: 1000 }] })
  await user.call('revokeGrants', { attempt: newAttempt(), target: 'all', flowLifetime: FLOW })
  const written = await runInDurableObject(user.stub, (_ledger, state) => {
    const query =
      "SELECT sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name <> 'sweeps' ORDER BY name"
    return state.storage.sql.exec<{ sql: string }>(query).toArray()
  })
  const { epochs, consumed, directory, blobs } = RELEASE_1
  const expected = [
    ALLOWANCES_4.allowances,
    blobs,
    consumed,
    directory,
    epochs,
    LOGINS_6.logins,
    REMEMBERED_4,
  ].map((sql) => sql.replace(/\s+/g, ' '))
  expect(written.map((row) => row.sql)).toEqual(expected)
})

it('goes on where the clean-up of release 4 stopped', async () => {
  const { epochs, epoch } = RELEASE_1
  const user = await restored([...Object.values(LOGINS_5), epochs, epoch, ...Object.values(SWEEPS_4)])
  expect(await user.rows('grants')).toHaveLength(1)
  await runInDurableObject(user.stub, (ledger) => ledger.alarm())
  expect([await user.rows('grants'), await user.rows('sweeps')]).toEqual([[], []])
  const many = new Subject()
  await many.issued()
  await plantGrants(many, 150, { id: "one.id || printf('-%03d', n)" })
  await many.call('revokeGrants', { attempt: newAttempt(), target: 'all', flowLifetime: FLOW })
  const [written] = await runInDurableObject(many.stub, (_ledger, { storage }) =>
    storage.sql.exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = 'sweeps'").toArray(),
  )
  expect(written?.sql).toBe(SWEEPS_4.sweeps.replace(/\s+/g, ' '))
})

it('reads what networks have spent', async () => {
  const network = await restored(Object.values(ALLOWANCES_4))
  const allowances = [{ id: 'id-1', burst: 10, everyMs: 1000 }]
  expect(await network.call('left', { allowances })).toEqual({ free: 0, waitMs: 1000, wholeMs: 10_000 })
  expect(await network.call('spend', { attempt: 'attempt-1', allowances })).toMatchObject({ spent: true })
  expect(await network.call('spend', { attempt: 'attempt-2', allowances })).toMatchObject({ spent: false })
})

it('adds the columns that an older table lacks', async () => {
  const lacksRecent = RELEASE_1.grants.replace(" recent TEXT NOT NULL DEFAULT '[]',", '')
  expect(lacksRecent).not.toBe(RELEASE_1.grants)
  const user = await restored([RELEASE_1.sessions, lacksRecent])
  await user.issued()
  expect(await user.call('refresh', user.refreshInput(1))).toMatchObject({ generation: 2, via: 'advance' })
  expect(await user.call('refresh', user.refreshInput(1))).toMatchObject({ generation: 2, via: 'grace' })
})

it.each([
  ['an unknown version', '{"v":1,', '{"v":3,'],
  ['a member that is missing', '"sid":"sid-1",', ''],
  ['a member of another kind', '"scope":["openid","offline"]', '"scope":"openid offline"'],
  ['claims that are no object', '"idTokenClaims":{"email":"a@example"}', '"idTokenClaims":[]'],
  ['a record cut short', '"context":{"k":[1,null]}}', ''],
])('takes a grant with %s for an error, never for no grant', async (_name, sound, damaged) => {
  const grant = RELEASE_1.grant.replace(sound, damaged)
  expect(grant).not.toBe(RELEASE_1.grant)
  const user = await restored([RELEASE_1.sessions, RELEASE_1.session, RELEASE_1.grants, grant])
  const input = {
    id: 'grant-1',
    generation: 3,
    grace: { seconds: 60, uses: 0 },
    use: 'access_token',
  } as const
  const failure = { code: 'server_error' }
  await expect(user.call('inspect', input)).rejects.toMatchObject(failure)
  await expect(user.call('refresh', user.refreshInput(3, { id: 'grant-1', limits }))).rejects.toMatchObject(
    failure,
  )
  await expect(user.list()).rejects.toMatchObject(failure)
})

it.each([
  ['superseded generations that are no list', '[[1,', '{"1":[', ']]', ']}'],
  ['a superseded generation without its uses', ',1,"attempt-x"]', ',"attempt-x"]', '', ''],
])('takes %s for an error, never for a token that was reused', async (_name, sound, damaged, end, other) => {
  const grant = RELEASE_1.grant.replace(sound, damaged).replace(`"attempt-x"${end}`, `"attempt-x"${other}`)
  expect(grant).not.toBe(RELEASE_1.grant)
  const user = await restored([RELEASE_1.sessions, RELEASE_1.session, RELEASE_1.grants, grant])
  const refreshing = user.call('refresh', user.refreshInput(2, { id: 'grant-1', limits }))
  await expect(refreshing).rejects.toMatchObject({ code: 'server_error' })
  expect(await user.rows('grants')).toMatchObject([{ generation: 3, revoked: 0 }])
})

it('takes an unreadable client to tell for an error, and ends nothing then', async () => {
  const grant = RELEASE_1.grant.replace(/''\)$/, "'{}')")
  expect(grant).not.toBe(RELEASE_1.grant)
  const user = await restored([RELEASE_1.sessions, RELEASE_1.session, RELEASE_1.grants, grant])
  const target = { sid: 'sid-1' }
  const ending = { attempt: newAttempt(), target, flowLifetime: FLOW, notify: true, revoke: false }
  await expect(user.call('endSessions', ending)).rejects.toMatchObject({ code: 'server_error' })
  expect(await user.rows('sessions')).toMatchObject([{ ended: 0 }])
})

it('reads and writes the initial access tokens of release 3', async () => {
  const table = `CREATE TABLE initial_access (id TEXT NOT NULL PRIMARY KEY, uses INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0, policy TEXT NOT NULL, created_at INTEGER NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0, recent TEXT NOT NULL DEFAULT '', attempt TEXT NOT NULL,
    expires INTEGER NOT NULL) WITHOUT ROWID`
  const row = `INSERT INTO initial_access VALUES ('token-1', 3, 2, '{"scope":["a"]}', 1700000000, 0,
    'attempt-1 attempt-2', 'attempt-2', 99999999999)`
  const registrar = await restored([table, row])
  const stored = { id: 'token-1', uses: 3, policy: '{"scope":["a"]}', createdAt: 1700000000 }
  const token = { ...stored, expiresAt: 99999999999 }
  expect(await registrar.call('findInitialAccess', { id: 'token-1' })).toEqual({ ...token, used: 2 })
  const outcomes = ['attempt-1', 'attempt-3', 'attempt-4'].map((attempt) =>
    registrar.call('useInitialAccess', { id: 'token-1', attempt }),
  )
  expect(await Promise.all(outcomes)).toEqual(['taken', 'taken', 'spent'])
  const fresh = new Subject()
  await fresh.call('addInitialAccess', { attempt: 'a', ...token })
  const [written] = await runInDurableObject(fresh.stub, (_ledger, { storage }) =>
    storage.sql
      .exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = 'initial_access'")
      .toArray(),
  )
  expect(written?.sql).toBe(table.replace(/\s+/g, ' '))
})

it('reads and writes the changes of release 3', async () => {
  const table = `CREATE TABLE changes (id TEXT NOT NULL PRIMARY KEY, tag TEXT NOT NULL DEFAULT '',
    open TEXT NOT NULL DEFAULT '', mixed INTEGER NOT NULL DEFAULT 0, until_ms INTEGER NOT NULL,
    attempt TEXT NOT NULL, head INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID`
  const rows = `INSERT INTO changes VALUES ('', 'epoch-1', '', 0, 99999999999999, 'epoch-1', 5),
    ('a', 'change-1', '', 0, 1700000000000, 'change-1', 0), ('b', '', 'change-2', 0, 99999999999999, 'change-2', 0)`
  const feed = await restored([table, rows])
  const tags = { a: 'change-1', b: null }
  const answer = { epoch: 'epoch-1', head: 'epoch-1.5', told: 'all', tags }
  expect(await feed.call('changeTags', { ids: ['c'], head: null })).toEqual(answer)
  const input = { attempt: 'change-2', id: 'b', changed: true }
  expect(await feed.call('settleChange', input)).toEqual({ alone: true })
  const fresh = new Subject()
  await fresh.call('announceChange', { attempt: 'a', id: 'b' })
  const [written] = await runInDurableObject(fresh.stub, (_ledger, { storage }) =>
    storage.sql.exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = 'changes'").toArray(),
  )
  const added = ', expires INTEGER) WITHOUT ROWID'
  expect(written?.sql).toBe(table.replace(/\s+/g, ' ').replace(') WITHOUT ROWID', added))
})
