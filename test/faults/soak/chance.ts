// Chance that is the same for the same seed.

import { randomFrom } from '../faults.ts'

export interface Chance {
  /** A number from 0 up to the limit, without it. */
  below(limit: number): number
  oneOf<T>(list: readonly T[]): T
  /** What of the list comes, in its order. */
  someOf<T>(list: readonly T[]): T[]
}

export function chanceFrom(seed: number): Chance {
  const random = randomFrom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  return {
    below,
    oneOf(list) {
      const one = list[below(list.length)]
      if (one === undefined) throw new Error('nothing to choose from')
      return one
    },
    someOf: (list) => list.filter(() => random() < 0.5),
  }
}
