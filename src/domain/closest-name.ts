// What a misspelt name may have meant.

/** The known name that is closest, when it is close enough to be meant. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const distances = known.map((candidate) => ({
    candidate,
    distance: editDistance(name.toLowerCase(), candidate.toLowerCase()),
  }))
  const [best] = distances.sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= Math.max(1, name.length / 3) ? best.candidate : undefined
}

/** ` (did you mean rex?)` after a name that is not known; empty when it is, or when none is close. */
export function hintAt(name: string, known: readonly string[]): string {
  const meant = known.includes(name) ? undefined : closestName(name, known)
  return meant === undefined ? '' : ` (did you mean ${meant}?)`
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
