/** Seconds since the epoch as an RFC 3339 instant in UTC with whole seconds, ending in `Z`. */
export const rfc3339 = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
