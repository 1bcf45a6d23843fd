// What is said when somebody else changed or deleted something of the operator's: an Event, and whoever counts is told.

import type { EventReason } from '../../domain/entitlement/reasons.ts'
import type { EventRecorder, ObjectReference } from '../../kube/events.ts'

/** Reports that the object was changed or deleted, and has been put right. */
export type TamperingReporter = (regarding: ObjectReference, what: 'changed' | 'deleted') => void

export function createTamperingReporter(
  events: EventRecorder<EventReason>,
  onTampering: (kind: string, name: string) => void,
): TamperingReporter {
  return (regarding, what) => {
    const { kind, name } = regarding
    onTampering(kind, name)
    const note = `${kind} ${name} was ${what} by somebody else and has been restored`
    events.record({ regarding, type: 'Warning', reason: 'TamperingRestored', action: 'Restore', note })
  }
}
