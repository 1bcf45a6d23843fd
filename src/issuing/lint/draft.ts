// A license before it is signed, and what is said about it.

import type { Catalog, Plan } from '../../domain/catalog/catalog.ts'
import type { Instant } from '../../domain/time.ts'
import type { LicenseClaims } from '../../domain/license/claims.ts'

export interface Draft {
  readonly claims: LicenseClaims
  /** What was asked for beside the plan. A form may have to write out what the plan has, too. */
  readonly asked: {
    readonly features: readonly string[]
    readonly addons: readonly string[]
    readonly limits: Readonly<Record<string, number>>
  }
  /** The day (`2027-12-31`) with whose first moment the license ends, where somebody wrote it so. */
  readonly endsWithTheStartOf?: string | undefined
  /** Whether somebody gave the date of issue. Only then is an end in the past meant. */
  readonly isBackdated: boolean
  readonly catalog: Catalog
  readonly plan: Plan
  readonly now: Instant
  /** The licenses that were issued before, from the ledger. */
  readonly issued: readonly LicenseClaims[]
}

/** Each in one sentence without a full stop. */
export interface Advice {
  /** Why the license is not signed. */
  readonly problems: readonly string[]
  /** What is hardly meant, but may be. */
  readonly warnings: readonly string[]
}

export type Findings = Partial<Advice>
export type Check = (draft: Draft) => Findings
