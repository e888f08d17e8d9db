import type { Input, LedgerMethod } from './types.ts'

/**
 * The version of the calls from Workers to ledgers. During a deployment newer Workers call older ledgers for a while. A
 * ledger recognises new methods and arguments by their names; raise this number when an existing method or argument
 * gets a new meaning. A ledger keeps serving lower numbers.
 */
export const PROTOCOL = 1

type Names<T> = {
  // The members of these two are not listed: one is only stored, the other is read as a whole.
  readonly [Key in KeyOf<T>]-?: Key extends 'record' | 'hook' ? true : Nested<ValueOf<T, Key>>
}
type KeyOf<T> = T extends object ? keyof T : never
type ValueOf<T, Key> = T extends object ? (Key extends keyof T ? T[Key] : never) : never
// To the compiler a branded string or number is an object.
type Structure<T> = Extract<Exclude<T, string | number>, object>
type Nested<T> = [Structure<T>] extends [never]
  ? true
  : Structure<T> extends readonly unknown[]
    ? true
    : Names<Structure<T>>

const sid = { sid: true } as const
const sessionLimits = { idleSeconds: true, absoluteSeconds: true } as const
const revocation = { attempt: true, flowLifetime: true, tellEnds: true } as const
const issuing = {
  attempt: true,
  id: true,
  clientId: true,
  keepSeconds: true,
  familySeconds: true,
  hook: true,
  tellEnds: true,
} as const
const grace = { seconds: true, uses: true } as const

/** The names of every method's arguments. The compiler checks them against the methods. */
const ARGUMENTS: { readonly [M in LedgerMethod]: Names<Input<M>> } = {
  ping: {},
  session: { ...sid, ...sessionLimits },
  loginEpoch: {},
  login: {
    attempt: true,
    sid: true,
    subject: true,
    clientId: true,
    instance: true,
    consentEpoch: true,
    epoch: true,
    authTime: true,
    remember: true,
    providerSession: true,
    skip: true,
    expiresAt: true,
    flowExpiresAt: true,
    tokensLikelyEnd: true,
    replaces: true,
    ...sessionLimits,
  },
  endSessions: {
    ...revocation,
    target: { sid: true, onlyEnded: true, startedBy: true },
    notify: true,
    endsProviderSession: true,
    revoke: true,
  },
  erase: { attempt: true, flowLifetime: true, endsProviderSession: true },
  settleNotices: { ids: true },
  grant: {
    attempt: true,
    id: true,
    record: true,
    epoch: true,
    digest: true,
    restsOn: true,
    consentExpiresAt: true,
    codeLifetime: true,
    tokenLifetime: true,
    notify: true,
    flowExpiresAt: true,
  },
  redeem: { ...issuing, epoch: true, spareReused: true, resources: true },
  refresh: {
    ...issuing,
    generation: true,
    grace,
    limits: { scope: true, audience: true, strategy: true },
    resources: true,
    scope: true,
  },
  inspect: { id: true, generation: true, grace, use: true },
  listGrants: { sid: true, after: true, afterGrantedAt: true, offset: true, limit: true },
  countGrants: sid,
  listSessions: { after: { sid: true, authTime: true }, offset: true, limit: true },
  countSessions: {},
  listHeld: { after: { kind: true, id: true }, limit: true, size: true },
  story: { id: true, sid: true, generation: true },
  deviceStory: { id: true },
  revokeGrant: { ...revocation, id: true, clientId: true },
  revokeGrants: { ...revocation, target: { id: true, clientId: true } },
  retractGrant: { ...revocation, id: true },
  consumeId: { attempt: true, id: true, expiresAt: true },
  revokeId: { attempt: true, id: true, expiresAt: true },
  isIdRevoked: { id: true },
  bindSession: { sid: true, owner: true },
  unbindSessions: { sids: true, owner: true },
  owners: { prefix: true },
  putBlob: { id: true, data: true, expiresAt: true },
  getBlob: { id: true },
  openDevice: { attempt: true, id: true, request: true, expiresAt: true },
  findDevice: {},
  pollDevice: { id: true, intervalMs: true },
  settleDevice: {
    attempt: true,
    id: true,
    grant: { owner: true, grantId: true, epoch: true },
    retracted: true,
  },
  spend: { attempt: true, allowances: true },
  left: { allowances: true },
  addInitialAccess: { attempt: true, id: true, uses: true, policy: true, createdAt: true, expiresAt: true },
  useInitialAccess: { attempt: true, id: true },
  revokeInitialAccess: { attempt: true, id: true },
  findInitialAccess: { id: true },
  listInitialAccess: { after: true, offset: true, limit: true },
  countInitialAccess: {},
  makeFirstKey: { set: true, algorithm: true },
  announceChange: { attempt: true, id: true },
  settleChange: { attempt: true, id: true, changed: true },
  changeTags: { ids: true, head: true },
  renewEpoch: { attempt: true },
}

/**
 * Whether a ledger of this release understands a method and every argument of a call. An argument that it ignored could
 * be a check that it does not make.
 */
export const understands = (protocol: number, method: string, input: unknown): boolean =>
  protocol <= PROTOCOL && areNamed({ [method]: input }, ARGUMENTS)

type Known = true | { readonly [name: string]: Known }

function areNamed(value: object, names: { readonly [name: string]: Known }): boolean {
  return Object.entries(value).every(([name, member]) => {
    const known = Object.hasOwn(names, name) ? names[name] : undefined
    if (known === undefined) return member === undefined
    return known === true || typeof member !== 'object' || member === null || areNamed(member, known)
  })
}
