// Whether an object already is as it is wanted: then nothing has to be written.

/**
 * Whether each wanted field has that value in the live object, which may have more. Lists of objects with names are
 * compared by name, all other lists as a whole.
 */
export function covers(live: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live)) return false
    if (wanted.length > 0 && wanted.every(isNamed)) {
      const named = live.filter(isNamed)
      return wanted.every((item) =>
        covers(
          named.find((candidate) => candidate.name === item.name),
          item,
        ),
      )
    }
    return live.length === wanted.length && wanted.every((item, index) => covers(live[index], item))
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof live !== 'object' || live === null) return false
    const fields = live as Readonly<Record<string, unknown>>
    return Object.entries(wanted).every(([name, value]) => covers(fields[name], value))
  }
  return live === wanted
}

function isNamed(item: unknown): item is { readonly name: string } {
  return typeof item === 'object' && item !== null && typeof (item as { name?: unknown }).name === 'string'
}
