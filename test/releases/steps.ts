import { ADMIN } from './admin-steps.ts'
import { FROM_BEFORE } from './before-steps.ts'
import { ENDS } from './end-steps.ts'
import { LOGINS } from './login-steps.ts'
import { MACHINES } from './machine-steps.ts'
import type { Step } from './stage.ts'

/** The script. A step counts on those before it. */
export const STEPS: readonly Step[] = [...FROM_BEFORE, ...LOGINS, ...MACHINES, ...ADMIN, ...ENDS]
