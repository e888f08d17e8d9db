import { isLoopbackLiteral } from '../util/loopback.ts'
import { usage } from './failure.ts'

/**
 * Whether a host name is this machine for certain. Names below `localhost` are not: there are resolvers that ask others
 * about them.
 */
export const isThisMachine = (hostname: string): boolean =>
  hostname === 'localhost' || isLoopbackLiteral(hostname)

/** Throws CliFailure where somebody on the way to an address would read what is sent there, and says what that is. */
export function requirePrivate({ protocol, hostname }: URL, what: string): void {
  if (protocol !== 'https:' && !isThisMachine(hostname))
    throw usage(`${what} only sent over https, or to this machine.`, 'Use the https address.')
}
