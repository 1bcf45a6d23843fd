// The last bound of what is published. Lists and amounts have bounds of their own; this one is for single texts, which may hold
// what others wrote: names, files, answers.

/** Longer than any sentence of ours, and short enough for all of them to fit. */
const LONGEST_TEXT = 1_500

/** The same value with each text in it cut to a length that can be read. */
export function withShortTexts<T>(value: T): T {
  return shortened(value) as T
}

export function shortText(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string') return shortText(value)
  if (Array.isArray(value)) return value.map(shortened)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shortened(part)]))
}
