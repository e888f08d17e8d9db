import { seconds } from '../support.ts'

/** Lifetimes of the model, seconds. */
export const LIFE = {
  grace: 60,
  keep: 86_400,
  code: 600,
  flow: 1_800,
  consent: 50_000,
  session: 5_000_000,
} as const

export const CLIENTS = ['app', 'shop'] as const
export type ClientName = (typeof CLIENTS)[number]

/** A login session as its user sees it. */
export interface SessionModel {
  readonly sid: string
  status: 'none' | 'open' | 'ended'
  /** The login epoch that its login was accepted under. */
  accepted: number
  /** How often all sessions had been ended by then. */
  acceptedAfter: number
  /** When it stops being there by itself. */
  until: number
  /** When the last flow from before its end is over; nothing that names it comes later. */
  flowsEnd: number
}

/** A flow, its grant and its tokens. */
export interface FlowModel {
  readonly id: string
  readonly client: ClientName
  readonly session: SessionModel
  readonly ends: number
  /** That of its last login. */
  epoch: number
  readonly remember: boolean
  /** A revocation that concerns it was acknowledged after its last login. */
  barred: boolean
  state: 'consenting' | 'code' | 'live' | 'dead'
  codeEnds: number
  tokensEnd: number
  /** When its consent stops being remembered. */
  rememberedUntil: number
  generation: number
  /** When each generation was superseded, ms. */
  readonly superseded: Map<number, number>
  lastAttempt: string
  /** How often its code gave tokens. */
  redemptions: number
}

/**
 * What one user's ledger must look like from outside. It knows nothing of rows, epochs and clean-ups: only who did
 * what, in which order, and what was acknowledged.
 */
export class Reference {
  readonly sessions: SessionModel[] = []
  readonly flows: FlowModel[] = []
  /** How often all sessions were ended. */
  timesEnded = 0
  /** The greatest epoch of logins that was ever told. */
  greatestEpoch = 0

  session(sid: string): SessionModel {
    const known = this.sessions.find((session) => session.sid === sid)
    if (known !== undefined) return known
    const made: SessionModel = {
      sid,
      status: 'none',
      accepted: 0,
      acceptedAfter: 0,
      until: 0,
      flowsEnd: Infinity,
    }
    this.sessions.push(made)
    return made
  }

  /** Ends a session. */
  close(session: SessionModel): void {
    session.status = 'ended'
    session.flowsEnd = seconds() + LIFE.flow
  }

  /** Whether all sessions were ended since the app accepted its login. */
  isStale({ status, acceptedAfter }: SessionModel): boolean {
    return status === 'none' && acceptedAfter < this.timesEnded
  }

  /** Whether the user may go on with a flow that is still sealed in the browser. */
  mayGoOn({ session, barred, ends }: FlowModel): boolean {
    return session.status === 'open' && seconds() < session.until && !barred && seconds() < ends
  }

  isLive({ state, tokensEnd }: FlowModel): boolean {
    return state === 'live' && seconds() < tokensEnd
  }

  isCode({ state, codeEnds }: FlowModel): boolean {
    return state === 'code' && seconds() < codeEnds
  }

  /** Whether an access token of a generation is good. */
  isGood(flow: FlowModel, generation: number, grace: number): boolean {
    if (!this.isLive(flow)) return false
    if (generation === flow.generation) return true
    const at = flow.superseded.get(generation)
    return at !== undefined && Date.now() - at < grace * 1000
  }

  isRemembered(flow: FlowModel): boolean {
    return seconds() < flow.rememberedUntil
  }

  /** The flows of which a consent is remembered, or a token or code is alive. */
  standing(): readonly FlowModel[] {
    return this.flows.filter((flow) => this.isRemembered(flow) || this.isLive(flow) || this.isCode(flow))
  }

  /** The tokens of these flows end. */
  end(flows: readonly FlowModel[]): void {
    for (const flow of flows) if (flow.state !== 'consenting') flow.state = 'dead'
  }

  /** The consents of these flows end, with their tokens and whatever is under way. */
  revoke(flows: readonly FlowModel[]): void {
    for (const flow of flows) {
      flow.barred = true
      flow.rememberedUntil = 0
    }
    this.end(flows)
  }
}
