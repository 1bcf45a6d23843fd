// What a vendor is told before a license is signed. A mistake is cheap here, and dear at the customer.

import { dateChecks } from './dates.ts'
import type { Advice, Check, Draft } from './draft.ts'
import { grantChecks } from './grants.ts'
import { historyChecks } from './history.ts'
import { rehearse } from './rehearsal.ts'

const CHECKS: readonly Check[] = [...dateChecks, ...grantChecks, ...historyChecks]

/** Looks a license over; where nothing is wrong with it so far, also through the eyes of the operator. */
export function lint(draft: Draft): Advice {
  const found = CHECKS.map((check) => check(draft))
  const problems = found.flatMap((one) => one.problems ?? [])
  const last = problems.length === 0 ? rehearse(draft) : {}
  return {
    problems: [...problems, ...(last.problems ?? [])],
    warnings: [...found.flatMap((one) => one.warnings ?? []), ...(last.warnings ?? [])],
  }
}
