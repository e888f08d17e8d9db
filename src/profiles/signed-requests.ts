import type { Profile } from './profile.ts'

/**
 * Returns the rules for a client whose requests must be signed request objects: the object alone counts, and no
 * parameter beside it (RFC 9101 sections 6.3 and 10.5).
 */
export const signedRequests = (rules: Profile): Profile => ({
  ...rules,
  name: `${rules.name} with signed requests`,
  requiresObject: true,
  merge: (beside, _carried, own) => [
    ...beside.filter(([name]) => name === 'client_id'),
    ...own.filter(([name]) => name !== 'client_id'),
  ],
})
