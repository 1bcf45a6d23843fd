// Names that must be known, such as plans and features: an unknown one is refused with what it may have meant.

import { closestName } from '../domain/closest-name.ts'
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
