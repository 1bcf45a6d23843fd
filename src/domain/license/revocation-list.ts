// The vendor's list of licenses that are withdrawn. It is signed, numbered and whole: an air-gapped customer applies it
// like a license, and a newer one replaces an older one, never the other way round.

import * as z from 'zod'
import type { Instant } from '../time.ts'
import type { RejectionReason } from './claims.ts'
import { openCompactJws, REVOCATION_LIST } from './compact-jws.ts'
import { readDocumentText } from './document-text.ts'
import { checkIssued, implausibleDate } from './expectations.ts'
import { licenseText } from './license-text.ts'
import { fromNumericDate, isPlausibleDate } from './numeric-date.ts'
import { Rejection } from './rejection.ts'
import { schemaProblem } from './schema-problem.ts'
import { readStrictJson } from './strict-json.ts'
import type { TrustedKeys } from './trusted-keys.ts'

export interface RevocationList {
  readonly product: string
  /** Counts up with every list that the vendor makes. */
  readonly version: number
  readonly issuedAt: Instant
  /** When which license was revoked, by its ID. */
  readonly revoked: ReadonlyMap<string, Instant>
}

export type RevocationListReading =
  | { readonly kind: 'authentic'; readonly list: RevocationList }
  | { readonly kind: 'rejected'; readonly reason: RejectionReason; readonly message: string }

const { noun } = REVOCATION_LIST
const MAX_DEPTH = 4

const schema = z.object({
  iss: licenseText,
  aud: licenseText,
  iat: z.number(),
  version: z.int().positive(),
  revoked: z.array(z.object({ jti: licenseText, at: z.number() })),
})

/** Reads a revocation list and says whether it is authentic. It answers always and throws never. */
export async function readRevocationList(
  file: Uint8Array | string,
  options: { readonly keys: TrustedKeys; readonly product: string; readonly now: Instant },
): Promise<RevocationListReading> {
  const { keys, product, now } = options
  try {
    const { payload, key } = await openCompactJws(readDocumentText(file, noun), REVOCATION_LIST, keys, now)
    const list = readList(payload, key.issuer)
    if (list.product !== product) {
      throw new Rejection('WrongProduct', `the ${noun} is for the product ${list.product}, not for ${product}`)
    }
    checkIssued(list.issuedAt, now, noun)
    return { kind: 'authentic', list }
  } catch (error) {
    if (error instanceof Rejection) return { kind: 'rejected', reason: error.reason, message: error.message }
    throw error
  }
}

function readList(payload: Uint8Array, issuer: string | undefined): RevocationList {
  const json = readStrictJson(payload, MAX_DEPTH)
  if ('problem' in json) throw new Rejection('MalformedClaims', `the content of the ${noun} ${json.problem}`)
  const parsed = schema.safeParse(json.value)
  if (!parsed.success) {
    const problem = schemaProblem(parsed.error)
    throw new Rejection('MalformedClaims', `the content of the ${noun} is not as it must be: ${problem}`)
  }
  const { iss, aud, iat, version, revoked } = parsed.data
  if (issuer !== undefined && iss !== issuer) {
    throw new Rejection('UnknownKey', `the ${noun} is issued by ${iss}, but its key is trusted for ${issuer} only`)
  }
  if (!isPlausibleDate(iat)) throw implausibleDate('iat', noun)
  const instants = new Map<string, Instant>()
  for (const { jti, at } of revoked) {
    if (!isPlausibleDate(at)) throw implausibleDate(`at of ${jti}`, noun)
    if (instants.has(jti)) throw new Rejection('MalformedClaims', `the ${noun} names the license ${jti} twice`)
    instants.set(jti, fromNumericDate(at))
  }
  return { product: aud, version, issuedAt: fromNumericDate(iat), revoked: instants }
}
