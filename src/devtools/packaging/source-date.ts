// The one time that stands in everything that is built: it follows from the sources, not from the clock.

/**
 * The time that `SOURCE_DATE_EPOCH` gives in seconds, else the beginning of 1980: the earliest that every format can say.
 * @throws Error when it is not a whole number of seconds
 */
export function sourceDate(env: NodeJS.ProcessEnv = process.env): Date {
  const text = env['SOURCE_DATE_EPOCH'] ?? '315532800'
  if (!/^\d{1,11}$/.test(text)) throw new Error(`SOURCE_DATE_EPOCH is not a whole number of seconds: ${text}`)
  return new Date(Number(text) * 1_000)
}
