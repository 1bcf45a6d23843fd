// How long to wait after the n-th failure in a row.

export interface Backoff {
  readonly firstMs: number
  readonly longestMs: number
}

/** Doubles from the first delay to the longest, and takes off up to a fifth at random so that crowds disperse. */
export function backoffDelay(backoff: Backoff, failures: number, random: () => number = Math.random): number {
  const full = Math.min(backoff.firstMs * 2 ** Math.max(0, Math.min(failures - 1, 60)), backoff.longestMs)
  return full * (1 - 0.2 * random())
}
