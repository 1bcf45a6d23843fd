// The file with the vendor's public keys, as the vendor edits it: whatever else a key says stays as it is.

import { parseTrustedKeys } from '../../domain/license/trusted-keys.ts'

/** A JWK of the set, with all that it says. */
export type PublicJwk = Readonly<Record<string, unknown>>

/**
 * The keys of a set, checked as the operator checks them.
 * @throws Error with one sentence, without a full stop
 */
export function parseKeySet(text: string): PublicJwk[] {
  parseTrustedKeys(text)
  const { keys }: { keys: PublicJwk[] } = JSON.parse(text)
  return keys
}

/**
 * The content of the file. Every key in it can be used, and no two have one ID.
 * @throws Error with one sentence, without a full stop
 */
export function formatKeySet(keys: readonly PublicJwk[]): string {
  const text = `${JSON.stringify({ keys }, undefined, 2)}\n`
  parseTrustedKeys(text)
  return text
}
