/**
 * Tries the guides of `docs/guides` as they are written, with the real software. See ../README.md.
 *
 *     node test/interop/heavy/guides/run.ts [GUIDE]  nextjs, oauth2-proxy, spring, kratos
 */
import assert from 'node:assert/strict'
import {
  buildKratos,
  configuration,
  PUBLIC as KRATOS,
  ADMIN as KRATOS_ADMIN,
  makeUser,
  startPages,
} from './kratos.ts'
import { CACHE, confirmLogout, KEY, logIn, press, Trial } from './trial.ts'

/** What the last lines of a guide's block print: the number that their comments begin with. */
function checkStatuses(trial: Trial, calls: string): void {
  const expected = [...calls.matchAll(/# (\d{3})/g)].map(([, status]) => status)
  assert.deepEqual(trial.run(calls).trim().split('\n'), expected)
}

async function nextjs(trial: Trial): Promise<void> {
  await trial.ladon()
  trial.run(trial.block('/api/auth/callback/ladon'))
  trial.run(trial.block('.env.local'))
  await trial.start(trial.block('npx next dev'), 'http://localhost:3000')
  const lifespans = { authorization_code_grant_access_token_lifespan: '62s' }
  const init = { ...KEY, method: 'PUT', body: JSON.stringify(lifespans) }
  assert((await fetch('http://localhost:4444/admin/clients/next/lifespans', init)).ok)
  await trial.browse(async (page) => {
    await page.goto('http://localhost:3000/')
    await press(page, 'Log in')
    await logIn(page)
    await page.getByText('Hello demo').waitFor()
    // So that the next request renews.
    await page.waitForTimeout(3000)
    await page.reload()
    await page.getByText('Hello demo').waitFor()
    await press(page, 'Log out')
    await confirmLogout(page)
    await press(page, 'Log in')
    await page.waitForURL(/\/ui\/login/)
  })
}

async function oauth2Proxy(trial: Trial): Promise<void> {
  await trial.ladon()
  trial.run(trial.block('"client_id":"proxy"'))
  trial.run('go install github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6', { GOBIN: CACHE })
  const echo = `require('http').createServer((q, r) => r.end(JSON.stringify(q.headers))).listen(8080)`
  await trial.start(`node -e "${echo}"`, 'http://localhost:8080')
  const command = trial.block('oauth2-proxy --config')
  const path = { PATH: `${CACHE}:${process.env['PATH']}` }
  const [more = '', program = ''] = [trial.block('extra_jwt_issuers'), trial.block('"client_id":"program"')]
  trial.write('oauth2-proxy.cfg', `${trial.block('# oauth2-proxy.cfg')}\n${more}`)
  await trial.start(command, 'http://localhost:4180/ping', trial.folder, path)
  await trial.browse(async (page) => {
    await page.goto('http://localhost:4180/')
    await logIn(page)
    await page.getByText('"x-forwarded-user":"demo"').waitFor()
    await page.goto('http://localhost:4180/oauth2/sign_out?rd=http://localhost:4444/oauth2/sessions/logout')
    await confirmLogout(page)
    await page.goto('http://localhost:4180/')
    await page.waitForURL(/\/ui\/login/)
  })
  assert.match(trial.run(program), /"x-forwarded-user":"program"/)
}

async function spring(trial: Trial): Promise<void> {
  await trial.ladon()
  trial.run(trial.block('"client_id":"job"'))
  await trial.start(trial.block('mvn '), 'http://localhost:8080')
  checkStatuses(trial, trial.block('ask "$(token'))
  await trial.browse(async (page) => {
    await page.goto('http://localhost:8080/')
    await logIn(page)
    await page.getByText('Hello demo').waitFor()
    await page.goto('http://localhost:8080/logout')
    await press(page, 'Log Out')
    await confirmLogout(page)
    await page.goto('http://localhost:8080/')
    await page.waitForURL(/\/ui\/login/)
  })
}

async function kratos(trial: Trial): Promise<void> {
  const program = buildKratos()
  const files = configuration(trial.folder, trial.block('oauth2_provider'))
  for (const [name, text] of Object.entries(files)) trial.write(name, text)
  trial.run(`${program} migrate sql -e --yes -c kratos.yml`, {
    DSN: `sqlite://${trial.folder}/kratos.sqlite?_fk=true`,
  })
  await trial.start(`${program} serve -c kratos.yml --dev`, `${KRATOS_ADMIN}/admin/health/ready`)
  const pages = await startPages()
  try {
    await trial.ladon(trial.block('URLS_IDENTITY_PROVIDER_URL:'))
    const [email, password] = [`user-${Date.now()}@example.com`, `correct-horse-${Date.now()}`]
    await makeUser(email, password)
    await trial.browse(async (page) => {
      const whoami = async (): Promise<number> =>
        (await page.context().request.get(`${KRATOS}/sessions/whoami`)).status()
      await page.goto('http://localhost:4444/')
      await press(page, 'Log in with the demo application')
      await page.locator('[name=identifier]').fill(email)
      await page.locator('[name=password]').fill(password)
      await page.locator('[type=submit]').click()
      await press(page, 'Allow')
      await page.getByText('You are logged in').waitFor()
      assert.equal(await whoami(), 200)
      await press(page, 'Log out')
      await confirmLogout(page)
      await page.waitForTimeout(3000)
      assert.equal(await whoami(), 401)
    })
  } finally {
    pages.close()
  }
}

const GUIDES = { nextjs, 'oauth2-proxy': oauth2Proxy, spring, kratos }

const [, , which] = process.argv
for (const [name, run] of Object.entries(GUIDES)) {
  if (which !== undefined && which !== name) continue
  const trial = new Trial(name)
  try {
    await run(trial)
    console.log(`${name}: as written`)
  } finally {
    await trial.end()
  }
}
process.exit()
