import { expect, it } from 'vitest'
import { nowSeconds } from '../../../../src/util/clock.ts'
import { checkError, checkedAnswer } from '../../../support/certification/checks.ts'
import { type LoggedIn, logIn } from '../../../support/certification/log-in.ts'
import {
  type Changes,
  cleanUp,
  newBrowser,
  pass,
  random,
  register,
  requestOf,
  send,
} from '../../../support/certification/suite.ts'
import { type Variant, variantsOf } from './plans.ts'

cleanUp()

/** Errors that say that the user would have to do something (OIDC Core section 3.1.2.6). */
const NEEDS_USER = [
  'interaction_required',
  'login_required',
  'account_selection_required',
  'consent_required',
]

/** Logs in twice in one browser, the second time some seconds later; what the second asks may depend on the first. */
async function twice(
  variant: Variant,
  seconds: number,
  second: (first: LoggedIn) => Changes,
  request: Changes = {},
): Promise<readonly [LoggedIn, LoggedIn]> {
  const [client, browser] = [await register(variant), newBrowser()]
  const first = await logIn(client, { browser, request })
  pass(seconds)
  return [first, await logIn(client, { browser, request: second(first) })]
}

/** Expects that the second login asked nothing, and is about the same authentication of the same user. */
function expectSilent([first, second]: readonly [LoggedIn, LoggedIn]): void {
  expect(second.landing.pages).toEqual([])
  const { sub, auth_time } = first.claims
  expect(second.claims).toMatchObject({ sub, auth_time })
}

/** Expects that the second login asked for the password again, and that its ID token is of the later time. */
function expectAskedAgain([first, second]: readonly [LoggedIn, LoggedIn]): void {
  expect(second.landing.pages).toContain('/ui/login')
  expect(second.claims.sub).toBe(first.claims.sub)
  const [before, after] = [first.claims['auth_time'], second.claims['auth_time']].map(Number)
  expect(after).toBeGreaterThan(before ?? Number.NaN)
  expect(nowSeconds() - (after ?? 0)).toBeLessThanOrEqual(300)
}

it.each(variantsOf('oidcc-prompt-login'))(
  'oidcc-prompt-login: asks again, and auth_time is that of the second login ($plan, $responseType)',
  async (variant) => expectAskedAgain(await twice(variant, 1, () => ({ prompt: 'login' }))),
)

it.each(variantsOf('oidcc-prompt-none-not-logged-in'))(
  'oidcc-prompt-none-not-logged-in: prompt=none without a session is an error at the client, with its long state ($plan, $responseType)',
  async (variant) => {
    const client = await register(variant)
    const state = `${random(32)}${random(32)}${random(32)}${random(28)}-._~`
    const landing = await send(requestOf(client, { prompt: 'none', state }))
    checkError(checkedAnswer(landing, client), state, NEEDS_USER)
    expect(landing.pages).toEqual([])
  },
)

it.each(variantsOf('oidcc-prompt-none-logged-in'))(
  'oidcc-prompt-none-logged-in: prompt=none with a session asks nothing ($plan, $responseType)',
  async (variant) => expectSilent(await twice(variant, 1, () => ({ prompt: 'none' }))),
)

it.each(variantsOf('oidcc-max-age-1'))(
  'oidcc-max-age-1: a login of two seconds ago is too old ($plan, $responseType)',
  async (variant) => expectAskedAgain(await twice(variant, 2, () => ({ max_age: '1' }))),
)

it.each(variantsOf('oidcc-max-age-10000'))(
  'oidcc-max-age-10000: a login of a second ago is young enough, and both tell auth_time ($plan, $responseType)',
  async (variant) => {
    const logins = await twice(variant, 1, () => ({ max_age: '10000' }), { max_age: '15000' })
    for (const { claims } of logins) expect(claims['auth_time']).toEqual(expect.any(Number))
    expectSilent(logins)
  },
)

it.each(variantsOf('oidcc-id-token-hint'))(
  'oidcc-id-token-hint: prompt=none with the ID token of the first login asks nothing ($plan, $responseType)',
  async (variant) => {
    const hinted = ({ idToken }: LoggedIn): Changes => ({ prompt: 'none', id_token_hint: idToken })
    expectSilent(await twice(variant, 1, hinted))
  },
)
