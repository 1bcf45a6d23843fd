// Verdicts on test vectors beside the table of what this project decided. The counts go into the table that
// `test/support/verdict-table.ts` prints at the end of the run.

import { expect, type TestContext } from 'vitest'

/** What became of one vector: accepted, or in a word why not. */
export type Verdict = string
export const ACCEPTED = 'accepted'
export const REJECTED = 'rejected'

/** Verdicts by the name that the vector has in its file: its number, where it has no other. */
export type Verdicts = ReadonlyMap<string, Verdict>

export interface VerdictCounts {
  readonly source: string
  readonly total: number
  readonly accepted: number
  readonly expectedTotal: number
  readonly expectedAccepted: number
  readonly differences: number
  readonly remark?: string
}

declare module 'vitest' {
  interface TaskMeta {
    verdicts?: VerdictCounts
  }
}

/** Fails for every vector whose verdict is another than expected, and for every one that is there or expected only. */
export function expectVerdicts(
  { task }: Pick<TestContext, 'task'>,
  source: string,
  actual: Verdicts,
  expected: Verdicts,
  remark?: string,
): void {
  const names = new Set([...expected.keys(), ...actual.keys()])
  const differences = [...names]
    .filter((name) => actual.get(name) !== expected.get(name))
    .map((name) => `${name}: ${actual.get(name) ?? 'absent'}, expected ${expected.get(name) ?? 'absent'}`)
  task.meta.verdicts = {
    source,
    total: actual.size,
    accepted: countAccepted(actual),
    expectedTotal: expected.size,
    expectedAccepted: countAccepted(expected),
    differences: differences.length,
    ...(remark === undefined ? {} : { remark }),
  }
  expect(differences, source).toEqual([])
}

/**
 * The verdicts on vectors that are numbered without gaps.
 * @param range of the numbers, as `1-151`
 * @param verdicts the numbers, as `1-9 12`, by their verdict; all others are rejected
 */
export function numbered(range: string, verdicts: Readonly<Record<Verdict, string>>): Verdicts {
  const all = new Map(numbers(range).map((number) => [number, REJECTED]))
  for (const [verdict, ranges] of Object.entries(verdicts)) {
    for (const number of numbers(ranges)) all.set(number, verdict)
  }
  return new Map(all.entries().map(([number, verdict]) => [String(number), verdict]))
}

/** Verdicts on vectors that have names, which are given by their verdict with blanks between them. */
export function named(names: Readonly<Record<Verdict, string>>): Verdicts {
  return new Map(
    Object.entries(names).flatMap(([verdict, list]) => (list.match(/\S+/g) ?? []).map((name) => [name, verdict])),
  )
}

/** `1-3 7` as 1, 2, 3, 7. */
function numbers(ranges: string): number[] {
  return ranges
    .split(' ')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
}

function countAccepted(verdicts: Verdicts): number {
  return verdicts.values().reduce((count, verdict) => (verdict === ACCEPTED ? count + 1 : count), 0)
}
