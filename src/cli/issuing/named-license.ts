// Licenses that somebody names, by ID or by file, found in the ledger.

import { readFile } from 'node:fs/promises'
import { closestName } from '../../domain/closest-name.ts'
import { plainJwtId } from '../../domain/license/plain-jwt.ts'
import { isJsonObject } from '../../domain/license/strict-json.ts'
import { decodeUnverified } from '../../domain/license/unverified.ts'
import type { LicenseEntry } from '../../issuing/ledger-entry.ts'
import { sha256 } from '../../issuing/ledger.ts'

export interface NamedLicense {
  readonly licenseId: string
  /** Absent: the ledger does not know it. */
  readonly entry?: LicenseEntry
}

/**
 * Finds the license.
 * @param name the ID of a license, or the path of its file
 * @returns or why it is not found, in one sentence without a full stop
 */
export async function findLicense(
  name: string,
  licenses: readonly LicenseEntry[],
  force: boolean,
): Promise<NamedLicense | { readonly problem: string }> {
  const byId = licenses.find((entry) => entry.licenseId === name)
  if (byId !== undefined) return { licenseId: name, entry: byId }
  const file = await readFile(name).catch(() => undefined)
  if (file !== undefined) return ofFile(name, file, licenses, force)
  if (force) return { licenseId: name }
  const closest = closestName(
    name,
    licenses.map(({ licenseId }) => licenseId),
  )
  const hint = closest === undefined ? '' : ` (did you mean ${closest}?)`
  return {
    problem: `there is no license ${name} in the ledger, and no such file${hint}; to revoke it all the same, add --force`,
  }
}

function ofFile(
  path: string,
  file: Uint8Array,
  licenses: readonly LicenseEntry[],
  force: boolean,
): NamedLicense | { readonly problem: string } {
  const hash = sha256(file)
  const entry = licenses.find((candidate) => candidate.sha256 === hash)
  if (entry !== undefined) return { licenseId: entry.licenseId, entry }
  const claimed = claimedId(file)
  if (claimed === undefined) return { problem: `the file ${path} is not a license` }
  if (force) return { licenseId: claimed }
  const what = `the file ${path} says that it is the license ${claimed}, but the ledger knows no such file`
  return { problem: `${what}; look into it, and revoke it by its ID or with --force` }
}

/** What the file says. Nobody has verified it. */
function claimedId(file: Uint8Array): string | undefined {
  try {
    const { form, header, claims } = decodeUnverified(file)
    if (isJsonObject(header) && header['typ'] === 'JWT') {
      const [, payload = ''] = Buffer.from(file).toString('utf8').split('.')
      return plainJwtId(Buffer.from(payload, 'base64url'))
    }
    const id = isJsonObject(claims) ? claims[form === 'jws' ? 'jti' : 'id'] : undefined
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}
