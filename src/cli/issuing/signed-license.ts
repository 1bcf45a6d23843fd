// From a draft to a signed license: looked over first, and read at the end with the keys that customers have.

import type { Authenticity } from '../../domain/license/claims.ts'
import { formatInstant } from '../../domain/time.ts'
import { readLicense } from '../../domain/license/read-license.ts'
import type { TrustedKeys } from '../../domain/license/trusted-keys.ts'
import { issueLicense } from '../../issuing/issue.ts'
import type { LicenseEntry } from '../../issuing/ledger-entry.ts'
import { sha256 } from '../../issuing/ledger.ts'
import type { Draft } from '../../issuing/lint/draft.ts'
import type { SigningKey } from '../../issuing/keys/signing-key.ts'
import { problemOf } from '../input.ts'

export interface Signer {
  readonly key: SigningKey
  /** What customers trust, where that is known. */
  readonly trusted?: { readonly path: string; readonly keys: TrustedKeys }
}

export interface SignedLicense {
  readonly text: string
  /** What the ledger says of it, but for where it was put. */
  readonly entry: LicenseEntry
  readonly warnings: readonly string[]
}

/** Signs the draft, or says in one sentence without a full stop why nobody could use the license. */
export async function signDraft(
  { claims, catalog, plan, now, issued }: Draft,
  customFields: Readonly<Record<string, string>> | undefined,
  { key, trusted }: Signer,
): Promise<SignedLicense | { readonly problem: string }> {
  const { jwt } = catalog.license
  let text: string
  try {
    text = await issueLicense(claims, key, now, { jwt, customFields, supportHours: plan.support?.slaHours })
  } catch (error) {
    return { problem: problemOf(error) }
  }
  const plans = catalog.plans.map(({ name }) => name)
  const keys = trusted?.keys ?? key.trust
  const read = await readLicense(text, { keys, product: catalog.product, plans, jwt, now })
  if (read.kind === 'rejected') return { problem: refusedWith(trusted?.path ?? '', read) }
  const again = issued.find(({ licenseId }) => licenseId === read.claims.licenseId)
  if (again !== undefined) return { problem: `just this license was issued already, as ${again.licenseId}` }
  return {
    text,
    entry: { kind: 'license', ...read.claims, keyId: key.keyId, sha256: sha256(text) },
    warnings: outlives(read, key.keyId),
  }
}

function refusedWith(path: string, { message }: { readonly message: string }): string {
  return `customers with ${path} would refuse the license: ${message}; name the keys that they have with --trusted-keys`
}

/** A key that ends takes its licenses with it. */
function outlives(read: Authenticity & { readonly kind: 'authentic' }, keyId: string): string[] {
  const { claims, keyExpiresAt } = read
  if (keyExpiresAt === undefined || keyExpiresAt >= claims.expiresAt) return []
  const [key, license] = [formatInstant(keyExpiresAt), formatInstant(claims.expiresAt)]
  return [`key ${keyId} ends on ${key}, before the license (${license}); issue it again with the next key before that`]
}
