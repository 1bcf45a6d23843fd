// RS256: PKCS #1 v1.5 with SHA-256, under keys that we would trust.

import { describe, expect, test } from 'vitest'
import { NEEDS_VECTORS, VECTORS_ABSENT } from './public-vectors.ts'
import { BAD_KEY, disagreements, readWycheproof, verdictsOn } from './signatures.ts'
import { ACCEPTED, expectVerdicts, numbered, REJECTED } from './verdicts.ts'

/** The vector that the authors leave to the verifier: a digest without the NULL that RFC 8017 wants after its name. */
const MISSING_NULL = '8'

// Some valid signatures come from a key with e = 3, which is never trusted.
const FILES = [
  { bits: 2048, expected: numbered('1-259', { [ACCEPTED]: '1-7', [BAD_KEY]: '258-259' }), unlike: ['258', '259'] },
  { bits: 3072, expected: numbered('1-259', { [ACCEPTED]: '1-7', [BAD_KEY]: '259' }), unlike: ['259'] },
  { bits: 4096, expected: numbered('1-258', { [ACCEPTED]: '1-7' }), unlike: [] },
]

describe.skipIf(VECTORS_ABSENT)(`RS256 ${NEEDS_VECTORS}`, () => {
  test.for(FILES)('Wycheproof, $bits bits: exactly the valid ones of sound keys', async (file, context) => {
    const { bits, expected, unlike } = file
    const vectors = readWycheproof(`wycheproof/rsa_signature_${bits}_sha256_test.json`)
    expectVerdicts(context, `Wycheproof RS256 ${bits}`, await verdictsOn('RS256', vectors), expected)
    expect(disagreements(vectors, expected)).toEqual(unlike)
    expect(vectors.filter(({ result }) => result === 'acceptable').map(({ name }) => name)).toEqual([MISSING_NULL])
    expect(expected.get(MISSING_NULL)).toBe(REJECTED)
  })
})
