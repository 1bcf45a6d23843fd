// Whether a license is in force at an instant, and when that changes. The end is exclusive.

import type { Instant } from '../time.ts'
import type { LicenseClaims } from './claims.ts'

export type Validity =
  | { readonly kind: 'future'; readonly startsAt: Instant }
  | { readonly kind: 'in-force'; readonly until: Instant }
  | { readonly kind: 'expired'; readonly since: Instant }

/** A license is in force from `notBefore` (or for ever back) up to, but not at, `expiresAt`. */
export function validityAt(claims: LicenseClaims, now: Instant): Validity {
  if (now >= claims.expiresAt) return { kind: 'expired', since: claims.expiresAt }
  if (claims.notBefore !== undefined && now < claims.notBefore) return { kind: 'future', startsAt: claims.notBefore }
  return { kind: 'in-force', until: claims.expiresAt }
}
