import { invalidRequest } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** Checks that `prompt` holds known values and that `none` stands alone (OIDC Core section 3.1.2.1). */
export const checkPrompt: Check = ({ profile, prompt }) => {
  const { named, taken } = profile.prompts
  const unknown = prompt.find((value) => !taken.includes(value))
  if (unknown !== undefined) {
    throw invalidRequest('parameter_malformed', { parameter: 'prompt', expected: `of ${named.join(', ')}` })
  }
  if (prompt.includes('none') && prompt.length > 1) {
    throw invalidRequest('parameter_malformed', { parameter: 'prompt', expected: "'none' alone" })
  }
}

/** Checks that `max_age` is a whole number of seconds (OIDC Core section 3.1.2.1). */
export const checkMaxAge: Check = ({ parameters }) => {
  const value = parameters.get('max_age')
  if (value === undefined || /^\d{1,10}$/.test(value)) return
  throw invalidRequest('parameter_malformed', {
    parameter: 'max_age',
    expected: 'a whole number of seconds',
  })
}
