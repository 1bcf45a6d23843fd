// Signs a catalog, and reads it back with the keys that customers have.

import { isDeepStrictEqual } from 'node:util'
import { parseCatalog } from '../domain/catalog/catalog.ts'
import type { Instant } from '../domain/time.ts'
import { SIGNED_CATALOG } from '../domain/license/compact-jws.ts'
import { toNumericDate } from '../domain/license/numeric-date.ts'
import type { TrustedKeys } from '../domain/license/trusted-keys.ts'
import { readSignedCatalog } from '../domain/catalog/signed-catalog.ts'
import type { Ledger } from './ledger.ts'
import { signDocument } from './sign-document.ts'
import type { SigningKey } from './keys/signing-key.ts'

/** The version of the next catalog of the product: one more than that of any before it. */
export function nextCatalogVersion(product: string, { lines }: Pick<Ledger, 'lines'>): number {
  const versions = lines.flatMap((line) =>
    line.kind === 'catalog' && line.product === product ? [line.version ?? 0] : [],
  )
  return Math.max(0, ...versions) + 1
}

/**
 * @param data the catalog as it was written, without what its schema adds to it
 * @param version above that of every catalog of the product before it
 * @returns the content of the file
 * @throws Error when it is no catalog, or customers would refuse it
 */
export async function signCatalog(
  data: unknown,
  version: number,
  issuer: string,
  key: SigningKey,
  keys: TrustedKeys,
  now: Instant,
): Promise<string> {
  const meant = parseCatalog(data)
  const payload = { iss: issuer, iat: toNumericDate(now), version, catalog: data }
  const text = await signDocument(SIGNED_CATALOG, payload, key)
  const read = await readSignedCatalog(text, keys, now)
  if (read.version !== version || !isDeepStrictEqual(read.catalog, meant))
    throw new Error('the catalog would not be read as it is meant')
  return text
}
