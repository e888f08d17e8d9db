/** The error that the client gets for a user's "no" on a built-in page (RFC 6749 section 4.1.2.1). */
export const SAID_NO = { error: 'access_denied', error_description: 'The user said no.' }
