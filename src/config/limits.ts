import { seconds } from '../util/clock.ts'

/**
 * The longest lifetime of a login session, seconds (contract 4.1); browsers keep no cookie longer than 400 days. It is
 * also how long the end of all sessions of a subject is remembered, since a login app may have a session of its own.
 */
export const MAX_SESSION_SECONDS = seconds(180 * 86_400)

/** What the operator may switch off in LIMITS_OFF: the classes of floods, and guesses of client secrets. */
export const LIMITS = [
  'browser',
  'client',
  'device',
  'registration',
  'user_code',
  'api_key',
  'secret',
] as const
