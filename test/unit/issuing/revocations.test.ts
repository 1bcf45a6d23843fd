// The next revocation list, whatever happened to the one before: it has all that was ever revoked, and a higher version.

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readRevocationList, type RevocationList } from '../../../src/domain/license/revocation-list.ts'
import type { LedgerLine } from '../../../src/issuing/ledger-entry.ts'
import { nextRevocationList, signRevocationList } from '../../../src/issuing/revocations.ts'
import { newKey, NOW } from '../domain/license/signed.ts'

const signer = await newKey('r1', 'EdDSA', 'revocation')

const revocations = fc.uniqueArray(
  fc.record({ licenseId: fc.constantFrom('a', 'b', 'c', 'd', 'e'), at: fc.constantFrom(NOW - 1000, NOW) }),
  { selector: ({ licenseId }) => licenseId },
)
/** A history: what was revoked with which list, whose file of which time is there, and what is revoked now. */
const history = fc.record({ past: fc.array(revocations, { maxLength: 4 }), copy: fc.nat(4), wanted: revocations })

test('nothing that was revoked is ever missing, and the version only goes up', async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ past, copy, wanted }) => {
      const lines: LedgerLine[] = []
      const copies: (RevocationList | undefined)[] = [undefined]
      for (const added of past) {
        const next = nextRevocationList('cto', copies.at(-1), { lines }, added, NOW)
        copies.push(next.list)
        const { version } = next.list
        const signed = { keyId: 'r1', sha256: '', at: NOW, previous: '' }
        lines.push({ kind: 'revocation-list', product: 'cto', version, revoked: [...next.added], ...signed })
      }
      const before = copies[Math.min(copy, copies.length - 1)]
      const { list, added, isChanged } = nextRevocationList('cto', before, { lines }, wanted, NOW)
      const ever = new Set([...past.flat(), ...wanted].map(({ licenseId }) => licenseId))
      expect(new Set(list.revoked.keys())).toEqual(ever)
      expect(list.version).toBe(past.length + 1)
      // What is revoked already stays revoked from when it was.
      for (const [licenseId, at] of copies.at(-1)?.revoked ?? []) expect(list.revoked.get(licenseId)).toBe(at)
      expect(added.every(({ licenseId }) => copies.at(-1)?.revoked.has(licenseId) !== true)).toBe(true)
      expect(isChanged).toBe(before === undefined || before !== copies.at(-1) || added.length > 0)

      const text = await signRevocationList(list, '5D Labs', signer, signer.trust)
      const read = await readRevocationList(text, { keys: signer.trust, product: 'cto', now: NOW })
      expect(read).toEqual({ kind: 'authentic', list })
    }),
  )
})

test('another product has a list of its own', () => {
  const signed = { keyId: 'r1', sha256: '', at: NOW, previous: '' }
  const revoked = [{ licenseId: 'a', at: NOW }]
  const lines: LedgerLine[] = [{ kind: 'revocation-list', product: 'cto', version: 7, revoked, ...signed }]
  expect(nextRevocationList('clawtex', undefined, { lines }, [], NOW).list).toMatchObject({
    product: 'clawtex',
    version: 1,
    revoked: new Map(),
  })
})

test('a list that customers would refuse is not signed', async () => {
  const list: RevocationList = { product: 'cto', version: 1, issuedAt: NOW, revoked: new Map() }
  const other = await newKey('r1', 'EdDSA', 'revocation')
  await expect(signRevocationList(list, '5D Labs', signer, other.trust)).rejects.toThrow(
    /would be refused: the signature/,
  )
  const wrongUse = await newKey('k1')
  await expect(signRevocationList(list, '5D Labs', wrongUse, wrongUse.trust)).rejects.toThrow(
    /trusted for license only/,
  )
})
