import { CommandError } from './command-error.ts'
import { workersDevAddress } from './deploy-account.ts'
import type { Options } from './options.ts'

/** An address below workers.dev: the Worker's name, and the subdomain of an account. */
const BELOW_WORKERS_DEV = /^([^.]+)\.[^.]+\.workers\.dev$/

/**
 * Throws CommandError with exit code 2 if the issuer is the address of this Worker below workers.dev in another account,
 * or of a placeholder: nobody would find the server there. An account that does not tell its subdomain is believed.
 *
 * @param issuer - what is set or given; undefined if nothing is
 */
export async function refuseOtherAccount(
  worker: string,
  issuer: string | undefined,
  options: Options,
): Promise<void> {
  const host = URL.parse(issuer ?? '')?.host ?? ''
  if (BELOW_WORKERS_DEV.exec(host)?.[1] !== worker) return
  const address = await workersDevAddress(worker, options)
  if (address === undefined || new URL(address).host === host) return
  throw new CommandError(
    `Nothing was deployed: the issuer is ${issuer}, and in this account the Worker is at ${address}.`,
    2,
  )
}
