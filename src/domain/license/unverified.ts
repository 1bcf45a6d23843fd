// What a license file says about itself, believed by nobody. For people who want to look; no decision may read this.

import type { LicenseClaims, RejectionReason } from './claims.ts'
import { splitToken } from './compact-jws.ts'
import { CTO_JSON_PRODUCT, ctoJsonClaims } from './cto-json-license.ts'
import type { Expectations } from './expectations.ts'
import { readJwsClaims } from './jws-claims.ts'
import { readLicenseFile } from './license-file.ts'
import { isPlainJwt, plainJwtClaims } from './plain-jwt.ts'
import { Rejection } from './rejection.ts'
import { isJsonObject } from './strict-json.ts'

/** A license has four levels. */
const DEEPEST = 32

export interface UnverifiedLicense {
  readonly form: 'jws' | 'cto-json'
  /** The header of a JWS. */
  readonly header?: unknown
  /** What it claims; the signature is left out. */
  readonly claims: unknown
}

/**
 * Decodes a license of any form, and forgives much that `readLicense` does not.
 * @throws Rejection when there is nothing to show
 */
export function decodeUnverified(file: Uint8Array | string): UnverifiedLicense {
  const text = readLicenseFile(file)
  if (text.trimStart().startsWith('{')) {
    const license = parse(text, 'content')
    if (isJsonObject(license) && Object.hasOwn(license, 'signature')) {
      const { signature: _, ...claims } = license
      return { form: 'cto-json', claims }
    }
    // Whatever else it is may hold secrets, which must not be shown.
    throw new Rejection('MalformedLicense', 'this is not a license file: a JSON license has a signature')
  }
  const [header, payload, ...rest] = text.split('.')
  if (!header || !payload || rest.length === 0) {
    throw new Rejection(
      'MalformedLicense',
      'this is not a license file: a license has three parts with dots between them',
    )
  }
  return { form: 'jws', header: decode(header, 'header'), claims: decode(payload, 'content') }
}

/**
 * The product that a license file says it is for; undefined where it says none. Nobody has verified it: it tells whose the
 * file is to judge, and not that it is good.
 * @param own ours, and who issues its plain JWTs, which name no product
 */
export function claimedProduct(
  file: Uint8Array | string,
  own: { readonly product: string; readonly issuer?: string | undefined },
): string | undefined {
  try {
    const { form, claims } = decodeUnverified(file)
    if (form === 'cto-json') return CTO_JSON_PRODUCT
    const { aud, iss } = claims as { readonly aud?: unknown; readonly iss?: unknown }
    if (typeof aud === 'string') return aud
    return own.issuer !== undefined && iss === own.issuer ? own.product : undefined
  } catch {
    return undefined
  }
}

/**
 * What a license file says, and what would be refused of that whoever signed it. It foresees what becomes of a file where
 * nobody has the vendor's keys.
 */
export function unverifiedClaims(
  file: Uint8Array | string,
  expected: Expectations,
): { readonly claims: LicenseClaims } | { readonly reason: RejectionReason; readonly message: string } {
  try {
    return { claims: claimsIn(readLicenseFile(file), expected) }
  } catch (error) {
    if (error instanceof Rejection) return { reason: error.reason, message: error.message }
    throw error
  }
}

function claimsIn(text: string, expected: Expectations): LicenseClaims {
  if (text.startsWith('{')) return ctoJsonClaims(text, expected)
  const [, payload] = splitToken(text, 'license')
  if (expected.jwt !== undefined && isPlainJwt(text)) return plainJwtClaims(payload.bytes, expected.jwt, expected)
  return readJwsClaims(payload.bytes, { keyId: '' }, expected)
}

function decode(part: string, what: string): unknown {
  return parse(Buffer.from(part, 'base64url').toString('utf8'), what)
}

function parse(text: string, what: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Rejection('MalformedLicense', `the ${what} of the license is not valid JSON`)
  }
  if (isDeeperThan(DEEPEST, value))
    throw new Rejection('MalformedLicense', `the ${what} of the license is nested deeper than ${DEEPEST} levels`)
  return value
}

// Level by level and not by recursion: whoever prints the value would run out of stack as well.
function isDeeperThan(levels: number, value: unknown): boolean {
  let level = [value].filter(isContainer)
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > levels) return true
    level = level.flatMap((one) => Object.values(one)).filter(isContainer)
  }
  return false
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
