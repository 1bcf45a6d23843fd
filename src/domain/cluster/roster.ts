// Which nodes each thing is said of. Only what is odd is kept so: of most nodes nothing is said.

const MOST_NAMES = 3

export class Roster {
  readonly #names = new Map<string, Set<string>>()

  /** @param by 1: it is said of the node from now on; -1: no more */
  add(thing: string, name: string, by: 1 | -1): void {
    const names = this.#names.get(thing) ?? new Set()
    if (by === 1) names.add(name)
    else names.delete(name)
    if (names.size === 0) this.#names.delete(thing)
    else this.#names.set(thing, names)
  }

  entries(): [thing: string, names: ReadonlySet<string>][] {
    return [...this.#names]
  }
}

/** `kind-worker`, `kind-worker and kind-worker2`, `a, b, c and 4 more`: the same for the same names. */
export function namesOf(names: Iterable<string>): string {
  let count = 0
  let first: string[] = []
  for (const name of names) {
    count++
    // Of 15,000 names, nobody sorts all to show three.
    if (first.length <= MOST_NAMES || name < (first.at(-1) ?? '')) {
      first = [...first, name].toSorted().slice(0, MOST_NAMES + 1)
    }
  }
  const rest = count - MOST_NAMES
  if (rest > 1) first.splice(MOST_NAMES, 1, `${rest} more`)
  const last = first.pop() ?? ''
  return first.length === 0 ? last : `${first.join(', ')} and ${last}`
}
