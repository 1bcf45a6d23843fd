// A catalog that the vendor has signed: the only way to bring a new product, or new rules, into a cluster.

import * as z from 'zod'
import { type Catalog, parseCatalog } from './catalog.ts'
import type { Instant } from '../time.ts'
import { openCompactJws, SIGNED_CATALOG } from '../license/compact-jws.ts'
import { readDocumentText } from '../license/document-text.ts'
import { checkIssued, implausibleDate } from '../license/expectations.ts'
import { licenseText } from '../license/license-text.ts'
import { fromNumericDate, isPlausibleDate } from '../license/numeric-date.ts'
import { Rejection } from '../license/rejection.ts'
import { schemaProblem } from '../license/schema-problem.ts'
import { readStrictJson } from '../license/strict-json.ts'
import type { TrustedKeys } from '../license/trusted-keys.ts'

const { noun } = SIGNED_CATALOG
const MAX_DEPTH = 16
/** In bytes. It is kept in one Secret with what else is kept, and a catalog with all its words has a tenth of that. */
const LARGEST_CATALOG = 96 * 1024

export interface SignedCatalog {
  readonly catalog: Catalog
  /** Counts up with every catalog of the product that the vendor signs. */
  readonly version: number
  /** The signed file. */
  readonly text: string
}

const schema = z.object({ iss: licenseText, iat: z.number(), version: z.int().positive(), catalog: z.unknown() })

/**
 * Reads a signed catalog.
 * @throws Rejection when it is not authentic; Error when its content is no valid catalog
 */
export async function readSignedCatalog(
  file: Uint8Array | string,
  keys: TrustedKeys,
  now: Instant,
): Promise<SignedCatalog> {
  const text = readDocumentText(file, noun, LARGEST_CATALOG)
  const { payload, key } = await openCompactJws(text, SIGNED_CATALOG, keys, now)
  const json = readStrictJson(payload, MAX_DEPTH)
  if ('problem' in json) throw new Rejection('MalformedClaims', `the content of the ${noun} ${json.problem}`)
  const parsed = schema.safeParse(json.value)
  if (!parsed.success) {
    const problem = schemaProblem(parsed.error)
    throw new Rejection('MalformedClaims', `the content of the ${noun} is not as it must be: ${problem}`)
  }
  const { iss, iat, version, catalog } = parsed.data
  if (key.issuer !== undefined && iss !== key.issuer) {
    throw new Rejection('UnknownKey', `the ${noun} is issued by ${iss}, but its key is trusted for ${key.issuer} only`)
  }
  if (!isPlausibleDate(iat)) throw implausibleDate('iat', noun)
  checkIssued(fromNumericDate(iat), now, noun)
  return { catalog: parseCatalog(catalog), version, text }
}
