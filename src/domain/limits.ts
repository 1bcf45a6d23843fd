// A limit that is none.

/** No limit on an axis. */
export const UNLIMITED = -1
