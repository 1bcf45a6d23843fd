// Signs a catalog, and reads it back with the keys that customers have.

import { isDeepStrictEqual } from 'node:util'
import { parseCatalog } from '../domain/catalog.ts'
import type { Instant } from '../domain/instant.ts'
import { SIGNED_CATALOG } from '../domain/license/compact-jws.ts'
import { toNumericDate } from '../domain/license/numeric-date.ts'
import type { TrustedKeys } from '../domain/license/trusted-keys.ts'
import { readSignedCatalog } from '../domain/signed-catalog.ts'
import { signDocument } from './sign-document.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * @param data the catalog as it was written, without what its schema adds to it
 * @returns the content of the file
 * @throws Error when it is no catalog, or customers would refuse it
 */
export async function signCatalog(
  data: unknown,
  issuer: string,
  key: SigningKey,
  keys: TrustedKeys,
  now: Instant,
): Promise<string> {
  const meant = parseCatalog(data)
  const text = await signDocument(SIGNED_CATALOG, { iss: issuer, iat: toNumericDate(now), catalog: data }, key)
  const read = await readSignedCatalog(text, keys, now)
  if (!isDeepStrictEqual(read, meant)) throw new Error('the catalog would not be read as it is meant')
  return text
}
