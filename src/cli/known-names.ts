// Names that must be known, such as plans and features: an unknown one is refused with what it may have meant.

import type { JwtProfile } from '../domain/license/expectations.ts'

/** The names that a catalog has, as far as the command line needs them. */
export interface CatalogNames {
  /** The product. */
  readonly name: string
  readonly vendor: string
  readonly plans: readonly string[]
  readonly features: readonly string[]
  readonly addons: readonly string[]
  /** How its own plain JWTs are read; absent: it has none. */
  readonly jwt?: JwtProfile | undefined
}

/** Why the name is not known; undefined when it is. */
export function unknownName(what: string, name: string, known: readonly string[]): string | undefined {
  if (known.includes(name)) return undefined
  const closest = closestName(name, known)
  const hint = closest === undefined ? '' : ` (did you mean ${closest}?)`
  return `there is no ${what} "${name}"${hint}; known are ${known.join(', ')}`
}

function closestName(name: string, known: readonly string[]): string | undefined {
  const distances = known.map((candidate) => ({
    candidate,
    distance: editDistance(name.toLowerCase(), candidate.toLowerCase()),
  }))
  const [best] = distances.sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= Math.max(1, name.length / 3) ? best.candidate : undefined
}

/** Levenshtein distance: the fewest letters to insert, remove or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const letter of from) {
    const next = [(row[0] ?? 0) + 1]
    for (let column = 1; column <= to.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
