// ES256 as JWS has it: r and s side by side, 32 bytes each.

import { describe, expect, test } from 'vitest'
import { NEEDS_VECTORS, VECTORS_ABSENT } from './public-vectors.ts'
import { disagreements, readWycheproof, verdictsOn } from './signatures.ts'
import { ACCEPTED, expectVerdicts, numbered } from './verdicts.ts'

const EXPECTED = numbered('1-262', {
  [ACCEPTED]:
    '1 60-115 117-120 122 124 126 128 130 132 134 138-144 146 148 150 152 154-168 170-204 209-220 225-253 257 261-262',
})

describe.skipIf(VECTORS_ABSENT)(`ES256 ${NEEDS_VECTORS}`, () => {
  test('Wycheproof: exactly the valid ones', async (context) => {
    const vectors = readWycheproof('wycheproof/ecdsa_secp256r1_sha256_p1363_test.json')
    expectVerdicts(context, 'Wycheproof ES256', await verdictsOn('ES256', vectors), EXPECTED)
    expect(disagreements(vectors, EXPECTED)).toEqual([])
  })
})
