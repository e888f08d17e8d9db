/** A bare floor: what the platform takes for the least that a workload needs. */
export const FLOORS = {
  socket: 'fixed bytes on a bare socket of Node: what the generator can send',
  empty: 'empty route of Hono, GET',
  form: 'route of Hono that reads a form, POST',
  es256: 'one ES256 signature',
  rs256: 'one RS256 signature, 2048 bits',
  read: 'one row read in a Durable Object',
  insert: 'one row written in a Durable Object',
  d1_read: 'one row read in D1, as it is simulated',
  d1_insert: 'one row written in D1, as it is simulated',
} as const

export type FloorName = keyof typeof FLOORS

/** What is measured, its floor, and what it may cost as a multiple of that floor. */
export interface Workload {
  readonly title: string
  readonly floor: FloorName
  /** Another floor, which tells what its simulated storage takes. */
  readonly storage?: FloorName
  /** The goal as a multiple of the floor, where there is one. */
  readonly goal?: number
}

/**
 * In the order in which they run: what a workload uses up, one before it made. Goals that were set in microseconds are
 * divided by the floor of the run that they were set by.
 */
export const WORKLOADS = {
  client_credentials: { title: 'client_credentials, opaque', floor: 'form', goal: 1.9 },
  client_credentials_es256: { title: 'client_credentials, ES256', floor: 'es256', goal: 1.8 },
  client_credentials_rs256: { title: 'client_credentials, RS256', floor: 'rs256', goal: 1.2 },
  introspection: { title: 'introspection, live token of a grant', floor: 'read', goal: 1.6 },
  introspection_client: { title: 'introspection, live client token', floor: 'read', goal: 1.6 },
  introspection_forged: { title: 'introspection, forged token', floor: 'form', goal: 1.6 },
  userinfo: { title: 'userinfo', floor: 'read', goal: 1.6 },
  refresh: { title: 'refresh, 16 sessions at a time', floor: 'insert', goal: 1.8 },
  refresh_series: { title: 'refresh, one session in series', floor: 'insert' },
  code_exchange: { title: 'code exchange, with an RS256 ID token', floor: 'insert', goal: 3.85 },
  revoke: { title: 'revocation of a refresh token', floor: 'insert' },
  login: { title: 'whole login of a known user', floor: 'insert', goal: 13.2 },
  login_new: { title: 'whole login of a new user', floor: 'insert' },
  discovery: { title: 'discovery', floor: 'empty', goal: 1.4 },
  jwks: { title: 'JWKS', floor: 'empty', goal: 1.4 },
  client_get: { title: 'admin API: get a client', floor: 'read', storage: 'd1_read', goal: 3.15 },
  client_create: { title: 'admin API: create a client', floor: 'insert', storage: 'd1_insert', goal: 4.45 },
} as const satisfies Readonly<Record<string, Workload>>

export type WorkloadName = keyof typeof WORKLOADS

const isWorkload = (name: string): name is WorkloadName => name in WORKLOADS
const isFloor = (name: string): name is FloorName => name in FLOORS

export const WORKLOAD_NAMES: readonly WorkloadName[] = Object.keys(WORKLOADS).filter(isWorkload)
export const FLOOR_NAMES: readonly FloorName[] = Object.keys(FLOORS).filter(isFloor)

/** A workload, as a row of the table. */
export const workloadOf = (name: WorkloadName): Workload => WORKLOADS[name]
