import { clientSecretBasic } from './client-secret-basic.ts'
import { clientSecretPost } from './client-secret-post.ts'
import type { ClientAuthMethod } from './method.ts'
import { none } from './none.ts'
import { privateKeyJwt } from './private-key-jwt.ts'

/**
 * The methods of client authentication, in the order in which discovery lists them. First is the one of clients that
 * name none (RFC 7591 section 2): some libraries take the first in the list.
 */
export const METHODS: readonly ClientAuthMethod[] = [clientSecretBasic, clientSecretPost, privateKeyJwt, none]
