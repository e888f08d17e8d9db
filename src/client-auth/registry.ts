import { clientSecretBasic } from './client-secret-basic.ts'
import { clientSecretPost } from './client-secret-post.ts'
import type { ClientAuthMethod } from './method.ts'
import { none } from './none.ts'
import { privateKeyJwt } from './private-key-jwt.ts'

/** The methods of client authentication, in the order in which discovery lists them. */
export const METHODS: readonly ClientAuthMethod[] = [clientSecretPost, clientSecretBasic, privateKeyJwt, none]
