// How a catalog's author is told that a name is not known.

import { closestName } from '../closest-name.ts'

const LONGEST_LIST = 12

/** The end of a sentence about a name that is not among the known: what it may have meant, and what there is. */
export function whatThereIs(name: string, known: readonly string[]): string {
  const closest = closestName(name, known)
  const hint = closest === undefined ? '' : `; did you mean "${closest}"?`
  if (known.length === 0) return `${hint} (there are none)`
  const more = known.length > LONGEST_LIST ? ` and ${known.length - LONGEST_LIST} more` : ''
  return `${hint} (there are: ${known.slice(0, LONGEST_LIST).join(', ')}${more})`
}
