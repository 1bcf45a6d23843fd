// The one way from the bytes of a license file to claims that may be believed. It answers always and throws never.

import type { Authenticity } from './claims.ts'
import { LICENSE, openCompactJws } from './compact-jws.ts'
import { readCtoJsonLicense } from './cto-json-license.ts'
import type { Expectations } from './expectations.ts'
import { readJwsClaims } from './jws-claims.ts'
import { readLicenseFile } from './license-file.ts'
import { isPlainJwt, readPlainJwt } from './plain-jwt.ts'
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
    const { claims, keyId } = await readText(text, keys, expected)
    const keyExpiresAt = keys.get(keyId)?.expiresAt
    return { kind: 'authentic', claims, keyId, ...(keyExpiresAt === undefined ? {} : { keyExpiresAt }) }
  } catch (error) {
    if (error instanceof Rejection) return { kind: 'rejected', reason: error.reason, message: error.message }
    throw error
  }
}

function readText(text: string, keys: TrustedKeys, expected: Expectations) {
  if (text.trimStart().startsWith('{')) return readCtoJsonLicense(text, keys, expected)
  if (expected.jwt !== undefined && isPlainJwt(text)) return readPlainJwt(text, keys, expected.jwt, expected)
  return readJws(text, keys, expected)
}

async function readJws(text: string, keys: TrustedKeys, expected: Expectations) {
  const { payload, key } = await openCompactJws(text, LICENSE, keys, expected.now)
  return { claims: readJwsClaims(payload, key, expected), keyId: key.keyId }
}
