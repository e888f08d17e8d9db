import { seconds } from '../util/clock.ts'
/**
 * Longest session, seconds (contract 4.1): ours, and that of a login app as far as it is known what ended it. Browsers keep
 * no cookie longer than 400 days.
 */
export const MAX_SESSION_SECONDS = seconds(180 * 86_400)
