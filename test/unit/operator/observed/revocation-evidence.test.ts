// What is said of the revocation list in the cluster: whatever stands there and is no list is said, and changes nothing.

import { expect, test } from 'vitest'
import { RevocationEvidence } from '../../../../src/operator/observed/revocation-evidence.ts'
import type { LicenseContent } from '../../../../src/operator/observed/license-evidence.ts'
import type { RevocationListReading } from '../../../../src/domain/license/revocation-list.ts'
import { NOW } from '../../../support/builders.ts'

/** The text of a list here is its version. */
const evidence = () =>
  new RevocationEvidence((text): Promise<RevocationListReading> => {
    const list = { product: 'cto', version: Number(text), issuedAt: NOW, revoked: new Map() }
    if (list.version > 0) return Promise.resolve({ kind: 'authentic', list })
    return Promise.resolve({ kind: 'rejected', reason: 'BadSignature', message: 'the signature does not fit' })
  })

const present = (text: string) => ({ kind: 'present', text }) as const
const unreadable = (message: string) => ({ kind: 'unreadable', reason: 'MalformedLicense', message }) as const
const absent = { kind: 'absent', reason: 'SecretNotFound', message: 'it is not there' } as const

test.each<[string, LicenseContent, string | undefined]>([
  ['no Secret', absent, undefined],
  ['the same list', present('2'), undefined],
  ['an older list', present('1'), 'RevocationListOutdated'],
  ['a bad signature', present('0'), 'RevocationListRefused'],
  ['bytes that are no text', unreadable('the revocation list is saved as UTF-16'), 'RevocationListRefused'],
  ['another key', unreadable('Secret cto-system/cto-revocations has no key revocations.jws'), 'RevocationListRefused'],
  ['a Secret that may not be read', unreadable('Secret x may not be read by the operator'), 'RevocationListRefused'],
])('%s leaves the newest list in force', async (_what, content, reason) => {
  const revocations = evidence()
  await revocations.look(present('2'), NOW)
  const concern = await revocations.look(content, NOW)
  expect(concern?.reason).toBe(reason)
  if (content.kind === 'unreadable') expect(concern?.message).toContain(content.message)
  expect(revocations.newest?.list.version).toBe(2)
})
