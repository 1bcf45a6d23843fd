// Durations as progress lines tell them: 0.4 s, 12 s, 3 min 49 s.

export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** Says how long it has been since. */
export function stopwatch(): () => string {
  const started = performance.now()
  return () => formatDuration(performance.now() - started)
}
