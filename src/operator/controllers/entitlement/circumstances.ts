// What is known beside a decision when it is published.

import type { PublishedKey } from '../../../api/entitlement.ts'
import type { Finding } from '../../../domain/health/finding.ts'

/** What is known beside the decision: of the API server, and of what became of carrying decisions out. */
export interface Circumstances {
  /** Who the operator is to the API server; empty if it does not say. */
  readonly operator: string
  /** What the controllers found. */
  readonly findings: readonly Finding[]
  /** Whether the operator goes on counting; false when it stops. */
  readonly attends: boolean
  /** Whose signature counts. */
  readonly trustedKeys?: readonly PublishedKey[]
}
