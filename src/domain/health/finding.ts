// What became of carrying a decision out, as whoever did it reports it.

import type { Reason } from '../entitlement/reasons.ts'

/** The types of the conditions that findings become, in the order in which they are published. */
export const FINDING_TYPES = [
  'AgentsApplied',
  'AgentsLabelled',
  'CarriedOut',
  'CatalogCurrent',
  'Contested',
  'CrdsCurrent',
  'EvidenceKept',
  'GateVerified',
  'PolicyEnforced',
  'Published',
  'Readable',
  'StatusWritten',
  'TrustedKeysOfImage',
] as const

export interface Finding {
  readonly type: (typeof FINDING_TYPES)[number]
  /** Whether all is well with that. */
  readonly healthy: boolean
  /** It is not known yet, and will be in a moment. */
  readonly pending?: true
  readonly reason: Reason
  /** One sentence: what is wrong, where, what lifts it. */
  readonly message: string
}
