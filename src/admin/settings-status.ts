import { misspeltNames } from '../config/names.ts'
import type { Runtime } from '../runtime.ts'

/**
 * What the settings make of the server, as far as nobody outside can see it (contract 1.4.9). Of names that are probably
 * misspelt only the names, and of nothing a value that could be a secret.
 */
export const settingsStatus = ({ env, config, floods }: Runtime): object => ({
  misspelt: misspeltNames(Object.keys(env)),
  limits_unbound: floods.unbound,
  limits_off: config.limitsOff,
  demo_pages: config.demoPages,
  admin_auth: config.admin.auth,
  registration: config.registration.enabled,
  registration_needs_token: config.registration.requireToken,
  registration_hourly_limit: config.registration.hourlyLimit,
  cookies_secure: config.cookies.secure,
  cookies_same_site: config.cookies.sameSite,
  tls: config.transport.tls,
  key_rotation_seconds: config.signingKeyRotation ?? 0,
})
