/** Current time in milliseconds since the epoch. */
export const nowMs = (): number => Date.now()

/** Current time in whole seconds since the epoch, the unit of every OAuth and JWT time (RFC 7519 section 2). */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000)
