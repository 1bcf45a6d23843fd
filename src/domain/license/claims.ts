// What a license may say, in whatever form it was written. Everything behind the readers sees only this type.

import type { Instant } from '../time.ts'

export interface LicenseClaims {
  /** Which of the supported forms carried the claims. */
  readonly form: 'jws' | 'cto-json' | 'jwt'
  readonly licenseId: string
  readonly organization: string
  /** The product the license is for: the name of a catalog. */
  readonly product: string
  /** The plan, in the catalog's spelling. */
  readonly plan: string
  readonly issuer?: string
  readonly issuedAt: Instant
  readonly notBefore?: Instant
  /** The first instant at which the license is no longer in force. */
  readonly expiresAt: Instant
  /** When the last of the restrictions applies, whatever the catalog's schedule says; absent: the schedule alone. */
  readonly hardEndsAt?: Instant
  /** Limits that override the plan's, by axis (`nodes`, `agents`, …). UNLIMITED lifts a limit. */
  readonly limits: Readonly<Record<string, number>>
  /** Features granted beyond the plan's. Empty where the form does not sign them. */
  readonly features: readonly string[]
  /** Add-ons bought with the license. */
  readonly addons: readonly string[]
  /** Where the license may be used; absent: anywhere. */
  readonly cluster?: { readonly uid?: string; readonly types?: readonly string[] }
  /** Of two licenses for the same organization the one with the higher number replaces the other. */
  readonly serial?: number
  /** IDs of licenses that this one replaces. */
  readonly supersedes?: readonly string[]
  /** How long the license goes on after the vendor has revoked it, in hours; absent: as long as the catalog says. */
  readonly revocationNoticeHours?: number
}

/** The outcome of reading a license file: its claims are authentic, or why they are not believed. */
export type Authenticity =
  | {
      readonly kind: 'authentic'
      readonly claims: LicenseClaims
      readonly keyId: string
      /** From when on the key may no longer be used, and the answer has to be asked for anew. */
      readonly keyExpiresAt?: Instant
    }
  | { readonly kind: 'rejected'; readonly reason: RejectionReason; readonly message: string }

/** Why a license file is not believed. Closed: callers switch on it, and `domain/reasons.ts` explains each. */
export type RejectionReason =
  | 'TooLarge'
  | 'MalformedLicense'
  | 'MalformedHeader'
  | 'MalformedClaims'
  | 'UnknownKey'
  | 'KeyNotValidNow'
  | 'WrongAlgorithm'
  | 'BadSignature'
  | 'WrongProduct'
  | 'UnknownPlan'
  | 'DateOutOfRange'
