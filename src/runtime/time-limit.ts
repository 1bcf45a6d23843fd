// Work that may take so long, and no longer.

/** Does the work under a signal that aborts with the given one, or after so many milliseconds (a `TimeoutError`). */
export async function withTimeLimit<T>(
  ms: number,
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  // Not AbortSignal.any: of one within another, Node 24 never lets go; a limited request within a limited
  // reconciliation would cost 400 bytes for ever.
  const limited = new AbortController()
  const follow = () => limited.abort(signal.reason)
  const timer = setTimeout(() => limited.abort(new DOMException(`longer than ${ms} ms`, 'TimeoutError')), ms)
  signal.addEventListener('abort', follow)
  if (signal.aborted) follow()
  try {
    return await work(limited.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', follow)
  }
}
