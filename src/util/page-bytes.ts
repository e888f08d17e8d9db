/**
 * How many bytes of a list are read for one page: the item that goes beyond is the last one. What a ledger answers may
 * have 32 MiB, and an isolate has 128 MB.
 */
export const PAGE_BYTES = 4 * 1024 * 1024
