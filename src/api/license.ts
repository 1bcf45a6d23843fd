// A License: one piece of evidence of what the customer bought, a file in a Secret or a key to be activated.
// The shape is `crds/cto.5dlabs.io_licenses.yaml`; what the API server accepts is read here, and nothing else.

import * as z from 'zod'
import type { LicenseState } from '../domain/entitlement/license-state.ts'
import type { Condition } from './conditions.ts'
import { DEFAULT_SECRET_KEY } from './names.ts'
import { read, type DeepReadonly, type Reading } from './resources.ts'

/** Whoever pastes a license file where a key belongs has to hear where it belongs. */
export const activationKey = z
  .string()
  .max(16_384)
  .regex(
    /^lic_[A-Za-z0-9_.-]{1,252}$/,
    'is not a license key, which begins with lic_; a license file (.lic) belongs in a Secret that a License names in spec.secretRef',
  )

/** A product, by the name of its catalog. */
export const productName = z
  .string()
  .max(63)
  .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a product, such as cto')

const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

const secretRef = z.object({
  namespace: z.string().max(63).regex(dnsLabel, 'is not the name of a namespace'),
  name: z.string().max(253).regex(dnsSubdomain, 'is not the name of a Secret'),
  key: z
    .string()
    .max(253)
    .regex(/^[-._a-zA-Z0-9]+$/, 'is not a key of a Secret')
    .default(DEFAULT_SECRET_KEY),
})

const spec = z
  .object({
    product: productName.exactOptional(),
    secretRef: secretRef.exactOptional(),
    key: activationKey.exactOptional(),
  })
  .refine(
    ({ secretRef, key }) => (secretRef === undefined) !== (key === undefined),
    'give exactly one: secretRef for a license file in a Secret, or key for a license key (lic_...)',
  )

const schema = z.object({ spec })

export type License = DeepReadonly<z.output<typeof schema>>

export interface LicenseStatus {
  readonly observedGeneration: number
  /** Whose operator judged it. */
  readonly product?: string
  readonly state: LicenseState
  readonly reason: string
  readonly message: string
  readonly plan?: string
  readonly organization?: string
  readonly licenseId?: string
  readonly issuedAt?: string
  readonly expiresAt?: string
  /** Used and licensed, such as `3/10` or `3/unlimited`; only of the license in use. */
  readonly nodes?: string
  readonly agents?: string
  readonly conditions: readonly Condition[]
}

/** Reads a License, or whatever has its `spec`. */
export function readLicenseResource(object: unknown): Reading<License> {
  return read(schema, object)
}
