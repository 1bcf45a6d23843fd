// How a command that stays up is ended.

/** Resolves when the process is asked to stop. A second time, Node's default takes over and ends it at once. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}
