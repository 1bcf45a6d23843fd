// The notice before an agent that runs is held. Whoever was admitted has it, and whoever ran before there was anything to be
// refused by; what got in although it was refused has none.

import type { Candidate } from './agent-candidates.ts'
import type { Facts } from './facts.ts'
import { HOUR } from '../time.ts'
import { isWhole, type Patience, patienceAt } from '../grace-budget.ts'
import { isMissing } from './reasons.ts'

/** For how long a license that is named and not there (yet) is taken for unknown rather than absent. */
const UNKNOWN_FOR = HOUR
/** Whoever was admitted for so long has the whole notice again. */
const FORGIVEN_AFTER = HOUR

/** What is left of the notice of a candidate that runs and is refused. */
function noticeOf({ key, facts: workload }: Candidate, facts: Facts, outstanding: boolean): Patience {
  const { memory, now } = facts
  // A license on its way is waited for, however short the notice is.
  const whole = outstanding ? Math.max(facts.holdNotice, UNKNOWN_FOR) : facts.holdNotice
  const before = memory.notices.get(key)
  if (before !== undefined) return patienceAt(true, whole, before, now) ?? { endsAt: now }
  if (!outstanding && !deservesNotice(key, workload, facts)) return { endsAt: now }
  const endsAt = memory.admitted.has(key) ? undefined : memory.cut?.noticeEndsAt
  return { endsAt: Math.min(now + whole, endsAt ?? Number.POSITIVE_INFINITY) }
}

function deservesNotice(key: string, workload: Candidate['facts'], facts: Facts): boolean {
  const { memory } = facts
  if (memory.admitted.has(key) || memory.recovering.has(key) || memory.cut !== undefined) return true
  const { createdAt = 0, governedSince = 0 } = workload ?? {}
  return createdAt < governedSince
}

/** Whether a License names what has not come yet, as from a tool that syncs Secrets. */
function isEvidenceOutstanding({ licenses, now }: Facts): boolean {
  return licenses.some(
    ({ claims, problem }) =>
      claims === undefined && problem !== undefined && isMissing(problem.reason) && now < problem.since + UNKNOWN_FOR,
  )
}

/** All notices after a decision: those that run out, and those that come back while their workload is admitted. */
export function noticesAfter(refused: readonly Candidate[], facts: Facts): Map<string, Patience> {
  const { memory, now, holdNotice } = facts
  const notices = new Map<string, Patience>()
  const outstanding = isEvidenceOutstanding(facts)
  for (const candidate of refused) {
    const { facts: workload } = candidate
    if (workload === undefined || workload.held || workload.wants === 0 || !candidate.governed) continue
    if (workload.holdable) notices.set(candidate.key, noticeOf(candidate, facts, outstanding))
  }
  for (const [key, before] of memory.notices) {
    if (notices.has(key)) continue
    const resting = patienceAt(false, holdNotice, before, now)
    if (resting === undefined || isWhole(resting, holdNotice, now)) continue
    if (now - (resting.restingSince ?? now) < FORGIVEN_AFTER) notices.set(key, resting)
  }
  return notices
}
