// The next revocation list: the one before it and the ledger, which forgets nothing, and what is added now.

import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../domain/time.ts'
import { REVOCATION_LIST } from '../domain/license/compact-jws.ts'
import { toNumericDate } from '../domain/license/numeric-date.ts'
import { readRevocationList, type RevocationList } from '../domain/license/revocation-list.ts'
import type { TrustedKeys } from '../domain/license/trusted-keys.ts'
import type { Ledger } from './ledger.ts'
import { signDocument } from './sign-document.ts'
import type { SigningKey } from './keys/signing-key.ts'

export interface Revocation {
  readonly licenseId: string
  readonly at: Instant
  readonly reason?: string
}

export interface NextList {
  readonly list: RevocationList
  /** What the list before it did not have. A license that is revoked already stays revoked as it was. */
  readonly added: readonly Revocation[]
  /** Whether the list says anything that the one before did not, or is the newest only now. */
  readonly isChanged: boolean
}

/**
 * @param before the list that is there; undefined when there is none, or it was lost
 * @param now in whole seconds
 */
export function nextRevocationList(
  product: string,
  before: RevocationList | undefined,
  { lines }: Pick<Ledger, 'lines'>,
  wanted: readonly Revocation[],
  now: Instant,
): NextList {
  const lists = lines.flatMap((line) => (line.kind === 'revocation-list' && line.product === product ? [line] : []))
  const revoked = new Map(before?.revoked)
  for (const { licenseId, at } of lists.flatMap((line) => line.revoked)) {
    if (!revoked.has(licenseId)) revoked.set(licenseId, at)
  }
  const added: Revocation[] = []
  for (const revocation of wanted) {
    if (revoked.has(revocation.licenseId)) continue
    revoked.set(revocation.licenseId, revocation.at)
    added.push(revocation)
  }
  const newest = Math.max(0, before?.version ?? 0, ...lists.map((line) => line.version))
  const isChanged = before === undefined || before.version < newest || before.revoked.size < revoked.size
  return { list: { product, version: newest + 1, issuedAt: now, revoked }, added, isChanged }
}

/**
 * Signs the list, and reads it back with the keys that customers have.
 * @throws Error with one sentence, without a full stop, when they would refuse it
 */
export async function signRevocationList(
  list: RevocationList,
  issuer: string,
  key: SigningKey,
  keys: TrustedKeys,
): Promise<string> {
  const { product, version, issuedAt, revoked } = list
  const payload = {
    iss: issuer,
    aud: product,
    iat: toNumericDate(issuedAt),
    version,
    revoked: [...revoked].map(([jti, at]) => ({ jti, at: toNumericDate(at) })),
  }
  const text = await signDocument(REVOCATION_LIST, payload, key)
  const read = await readRevocationList(text, { keys, product, now: issuedAt })
  if (read.kind === 'rejected') throw new Error(`the revocation list would be refused: ${read.message}`)
  if (!isDeepStrictEqual(read.list, list)) throw new Error('the revocation list would not be read as it is meant')
  return text
}
