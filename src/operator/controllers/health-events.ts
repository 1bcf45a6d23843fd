// Says in Events what the controllers found, once when it begins and once when it is over.

import type { EventReason } from '../../domain/entitlement/reasons.ts'
import type { EventRecorder, ObjectReference } from '../../kube/events.ts'
import type { Finding } from '../../domain/health/finding.ts'
import type { HealthBoard } from './health-board.ts'

/** Returns how to stop saying it. */
export function reportHealth(
  health: HealthBoard,
  events: EventRecorder<EventReason>,
  regarding: () => ObjectReference,
): () => void {
  let said = new Map<string, Finding>()
  return health.onChange(() => {
    const troubles = new Map(
      health.findings
        .filter(({ healthy, pending }) => !healthy && pending !== true)
        .map((finding) => [`${finding.type} ${finding.message}`, finding]),
    )
    for (const [id, { reason, message }] of troubles) {
      if (said.has(id)) continue
      events.record({ regarding: regarding(), type: 'Warning', reason, action: 'Report', note: message })
    }
    for (const [id, { type, message }] of said) {
      const goesOn = troubles.has(id) || [...troubles.values()].some((finding) => finding.type === type)
      if (goesOn) continue
      // One word for all ends: some conditions say with True that something is wrong.
      const note = `${type}: what was reported is over (${message})`
      events.record({ regarding: regarding(), type: 'Normal', reason: 'Recovered', action: 'Report', note })
    }
    said = troubles
  })
}
