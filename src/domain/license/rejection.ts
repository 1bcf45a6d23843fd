// How a reader says no. Thrown inside the readers, and returned by readLicense: no license is half believed.

import type { RejectionReason } from './claims.ts'

export class Rejection extends Error {
  readonly reason: RejectionReason

  /** @param message one sentence for people, without a full stop; it never quotes the license itself */
  constructor(reason: RejectionReason, message: string) {
    super(message)
    this.name = 'Rejection'
    this.reason = reason
  }
}
