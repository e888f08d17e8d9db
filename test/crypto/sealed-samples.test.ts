import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { initialAccessTokens } from '../../src/clients/initial-access.ts'
import type { Envelopes } from '../../src/crypto/envelope.ts'
import type { Sealed } from '../../src/crypto/sealed.ts'
import { ownerOf } from '../../src/ledger/owner.ts'
import {
  accessJtis,
  accessTokens,
  authorizationCodes,
  deviceCodes,
  refreshTokens,
} from '../../src/tokens/formats.ts'
import { pairwiseSids } from '../../src/tokens/subject.ts'
import { type Seconds, seconds } from '../../src/util/clock.ts'
import { clientIdOf, grantIdOf, sidOf } from '../../src/util/ids.ts'
import { testEnv } from '../support/bindings.ts'
import { emptyInstallation, SAMPLE_ROW } from './installation.ts'

/*
 * What release 0.3.0 sealed and handed out. Never edit: whoever has such a text comes back with it. A new member gets a
 * sample of its own beside these.
 */

const owner = ownerOf('subject', 'alice', 'none')
const stamp = { instance: 'instance-1', accessEpoch: 2 }
const grantId = grantIdOf('AAAAAAAAAAAAAAAAAAgrant-1')
const sid = sidOf('AAAAAAAAAAAAAAAAAAsession')
const app = clientIdOf('app')
const inTime = seconds(1_790_000_000)

interface Sample {
  readonly name: string
  /** What it says, as the members of today; its text, as 0.3.0 wrote it. */
  readonly check: (envelopes: Envelopes) => Promise<readonly [opened: unknown, said: object, text: string]>
  readonly text: string
}

const sample = <Content extends object>(
  name: string,
  kind: Sealed<Content>,
  content: Content,
  expiresAt: Seconds | null,
  text: string,
): Sample => ({
  name,
  text,
  check: async (envelopes) => [
    await kind.open({ envelopes }, text),
    { ...content, expiresAt },
    await kind.seal({ envelopes }, content, expiresAt),
  ],
})

const grantToken = { type: 'grant', owner, grantId, generation: 3, ...stamp } as const
const whole = { ...grantToken, targets: null, scopes: null, cnf: null }
const part = { ...grantToken, targets: [0, 2], scopes: [1], cnf: ['jkt', 'thumbprint'] } as const
const code = { owner, grantId, epoch: 5, redirectUri: 'digest', codeChallenge: 'challenge', ...stamp }
const ofClient = {
  type: 'client' as const,
  ...{ clientId: app, id: 'id-1', shards: 8, issuedAt: seconds(1_789_999_000) },
  ...{ scope: ['read'], audience: ['https://api.example'], custom: { tier: 1 }, subject: 'bob', cnf: null },
  ...stamp,
}
const device = { owner: ownerOf('device', 'WXYZABCD', 'none'), id: 'device-1', ...stamp }

const SAMPLES: readonly Sample[] = [
  sample(
    'a code',
    authorizationCodes,
    code,
    inTime,
    'ory_ac_AXNhbXBsZaQ9EsbQbE7Xe2E4sg6wxr38wnAnb8C7iA.u9bEPsDjCK9ojUfa7mqByZwhrpW_YZALNuaDpvsriuqS2AgYHq-QDmGeWv9PoBSRXqSDhKSd_bDg-S9wQensQONfWyJ_6GGDWXJrm_n49jWZoK9YG0kUmW_Ol1NigQn4dvAXiLsBWx3ulwn30XbZC5E3JI3V067DldZgykM270AEMYUqvWbsUTlftpm9yEQ',
  ),
  sample(
    'a device code',
    deviceCodes,
    device,
    inTime,
    'ory_dc_AXNhbXBsZWTY0DlzLKqn0R5dt55a5KcSp0D_hCrU-Q.IDh2LoLkVtGkDGU0H873fuUIMBbBhcfCuuJPXGVHoNK9fLcvJJl5AqK1pSV61ZLdBvfPxoqqD3OG2LfDcCMH0ovjkv5V7k4S1q7ujX8NapSJXyQfVfeP1pspSCO9R8aFSXF8JtbPDQ',
  ),
  sample(
    'an access token',
    accessTokens,
    whole,
    inTime,
    'ory_at_AXNhbXBsZQK4racYILX23sfyDCLllH2UERmr2RGlMw.B5mfADeLD_JV_tPxz-zgTpopD29l2BJn6tRq_2AVf6c1S3CVWdC7ExIwtDGZSGBZTEjyvwWrBdOlZI8IbeYmRJu4phHmoNPZLpvC6LXH6XjbPleFFA_dKgeG5D0nBPWU-m-c5H_qnVTMgZyyKUi1GaDcvWo7Vy-TjcWuVQ',
  ),
  sample(
    'an access token of a part, bound to a key',
    accessTokens,
    part,
    inTime,
    'ory_at_AXNhbXBsZedmiPMMRdwKfi6aYS3cO8G93sgRSCdGKw.m9yukogOdgXlT_zHP5DAm4GzxAJAkfVObMNInhEISMpcxpnCZ4D6Tv2B0x2_1-oL0B11KV4liGejN35SQcQWlQ4sXCnNQcZqg8XnSgDbgZMrsclAaxbLrx_madhV8_UW1FIhIwxi6UmLCG25UZkG_P7Va2Bt48QKPLpLsoE-3LUh_a1UFqKiuBZdn69ogI7On9i_2W8n17Y5iuc',
  ),
  sample(
    'an access token of a client',
    accessTokens,
    ofClient,
    inTime,
    'ory_at_AXNhbXBsZUCKMD0HgFBfGnMSXoVGeZQ3x51pIYSWUw.rjJ2URllCusbZ6Uz98hzksrkaFK0ADWU72MY158edfd22nO7iVKkUjXUNEVNlQoSwQ3ig8oRtia2LSfc9vCgmN7HtT83Kh9pypj_FcXgmxZDBHue694-0-SQ3tAPg1BaCf9Iz7XQTBTDONUjOf3LEIu2XH3aj4fJ5B9b',
  ),
  sample(
    'the jti of a JWT access token',
    accessJtis,
    whole,
    inTime,
    'AXNhbXBsZfrocAPkqg5LPQzEl6LCq8qqECbLtZw-Ig.3hNCLDUD21zWIc7UtQ91SvX2zkOIDSnL1QuQFCW57I_IpzUAYmxkmH9xi80lpzuy0oxXN5Vto3zf2sSLAK2DLnioql8I9ju8QGN5bDU1d93U-ODq-Jl0pT4bOyUzCNYinScl-AFO8LQKWB7P5O6l6NGxDDrxlE9RJRonsg',
  ),
  sample(
    'a refresh token',
    refreshTokens,
    whole,
    inTime,
    'ory_rt_AXNhbXBsZdXEO-Cy7pA6oevf_PyS9ysY64sa9lhDcw.A2aRWvyO-heKV86TA7Dr1F-_AdeXvVu79Dxsb2AzEUIhDQLISMf8a1ZaNYA_xSkg2L3yA7n3T7HL9z6da1sgvx3TiWu8J7b1Fwt4tmqgORwWXdznsqneR3O25rYyNeWVISD1O8ASG52Y_g_ikYm-8h7_R_bFUNVku1qANQ',
  ),
  sample(
    'a refresh token that never expires',
    refreshTokens,
    whole,
    null,
    'ory_rt_AXNhbXBsZRGirHU7-RomjND09ccjoyjhLV_OYHUDHA.QTofizac3KiizD7Hg7xdhIEUyFVwfNd3oUdMEnwYOxRw6biVh_sgiNk10qVj68EXwX9NF3k7hi95NTfdFZXmV6roX_DQFLte3J4qMb8VwTpW7bhGftiEBxr0S2mr0y3p8oI-M3Tqu7cqrX2rUdqB9zTBMwmXQg',
  ),
  sample(
    'the sid of a pairwise client',
    pairwiseSids,
    { owner, sid, clientId: app },
    null,
    'AXNhbXBsZaUQYlFJUtPbQa0HogFJLomssb3pdLa3Lw.pbfENxCAvqWTL2_Xh7Dxm8UA1QjXszg_M_QfibiMjKuNxfnib8JYhSOOOR5IsGS0ltICmiYk1Fzr1bGGbC4AwZ2yXTQSZJ0R-L8vXrkmySeHL8ylhZemf-vvlZ1O4e2ma6lUDJFbVGVo',
  ),
  sample(
    'an initial access token',
    initialAccessTokens,
    { id: 'token-1' },
    inTime,
    'ory_iat_AXNhbXBsZUt892zvKjH0AlN2_VlC2DpyLkudPTmPUA.hcNSpbqFFvowE_82NYQIPd8Zr193pmCXu0b1rZm8GZGbC3GexjOVvA',
  ),
]

let envelopes: Envelopes

beforeAll(async () => {
  envelopes = (await emptyInstallation()).envelopes()
  const { id, sealed, createdAt } = SAMPLE_ROW
  const insert = testEnv().DB.prepare('INSERT INTO root_keys (id, sealed, created_at) VALUES (?, ?, ?)')
  await insert.bind(id, sealed, createdAt).run()
})

afterAll(() => {
  vi.useRealTimers()
})

it.each(SAMPLES)('$name is read and written as ever', async ({ check, text }) => {
  const [opened, said, written] = await check(envelopes)
  expect(written).toBe(text)
  expect(opened).toEqual(said)
})

it('a ledger is named as ever', () => {
  expect([owner, ownerOf('subject', 'alice', 'eu'), device.owner]).toEqual([
    '1rP05LhCzGlgYA5KmXtOPlXlyjaPK4bhg5ZmNZpqRBko',
    '2erP05LhCzGlgYA5KmXtOPlXlyjaPK4bhg5ZmNZpqRBko',
    '127gyWrqc47t2NJ4XvClp9bn8JJaw8qBk1VVnEoMzoGo',
  ])
})
