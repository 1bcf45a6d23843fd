// The one way from the bytes of a license file to claims that may be believed. It answers always and throws never.

import type { Authenticity } from './claims.ts'
import { openCompactJws } from './compact-jws.ts'
import { readCtoJsonLicense } from './cto-json-license.ts'
import type { Expectations } from './expectations.ts'
import { readJwsClaims } from './jws-claims.ts'
import { readLicenseFile } from './license-file.ts'
import { Rejection } from './rejection.ts'
import type { TrustedKeys } from './trusted-keys.ts'

export interface ReadLicenseOptions extends Expectations {
  readonly keys: TrustedKeys
}

/**
 * Reads a license file in any of its forms and says whether it is authentic. Whether it is in force is another question:
 * see `validityAt`.
 */
export async function readLicense(file: Uint8Array | string, options: ReadLicenseOptions): Promise<Authenticity> {
  const { keys, ...expected } = options
  try {
    const text = readLicenseFile(file)
    if (text.trimStart().startsWith('{')) {
      return { kind: 'authentic', ...(await readCtoJsonLicense(text, keys, expected)) }
    }
    const { payload, key } = await openCompactJws(text, keys, options.now)
    return { kind: 'authentic', claims: readJwsClaims(payload, key, expected), keyId: key.keyId }
  } catch (error) {
    if (error instanceof Rejection) return { kind: 'rejected', reason: error.reason, message: error.message }
    throw error
  }
}
