import { invalidRequest } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** OIDC Core section 3.1.2.1, Initiating User Registration 1.0 section 3: those that discovery may name. */
export const PROMPTS: readonly string[] = ['none', 'login', 'consent', 'select_account', 'create']

/** With Hydra's own name for `create` (contract 1.3.2), which no standard knows: strict clients refuse a document that has it. */
const KNOWN: readonly string[] = [...PROMPTS, 'registration']

/** `prompt` holds known values and `none` stands alone (OIDC Core section 3.1.2.1), told before the user logs in. */
export const checkPrompt: Check = ({ prompt }) => {
  const unknown = prompt.find((value) => !KNOWN.includes(value))
  if (unknown !== undefined) {
    throw invalidRequest('parameter_malformed', { parameter: 'prompt', expected: `of ${PROMPTS.join(', ')}` })
  }
  if (prompt.includes('none') && prompt.length > 1) {
    throw invalidRequest('parameter_malformed', { parameter: 'prompt', expected: "'none' alone" })
  }
}

/** `max_age` is a whole number of seconds (OIDC Core section 3.1.2.1). */
export const checkMaxAge: Check = ({ parameters }) => {
  const value = parameters.get('max_age')
  if (value === undefined || /^\d{1,10}$/.test(value)) return
  throw invalidRequest('parameter_malformed', {
    parameter: 'max_age',
    expected: 'a whole number of seconds',
  })
}
