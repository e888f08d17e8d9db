import { invalidRequest } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** Checks that the request is a signed request object if the client sends no others (RFC 9101 section 10.5). */
export const checkRequestObject: Check = ({ profile, signed }) => {
  if (profile.requiresObject && !signed) throw invalidRequest('request_object_missing')
}
