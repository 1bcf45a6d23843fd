// In force from its beginning up to, but not at, its end.

import { expect, test } from 'vitest'
import { validityAt } from '../../../../src/domain/license/validity.ts'
import { claims, NOW } from '../../../support/builders.ts'

const [begin, end] = [NOW, NOW + 1000]

test.each([
  [begin - 1, { kind: 'future', startsAt: begin }],
  [begin, { kind: 'in-force', until: end }],
  [end - 1, { kind: 'in-force', until: end }],
  [end, { kind: 'expired', since: end }],
])('at %i', (now, validity) => {
  expect(validityAt(claims({ notBefore: begin, expiresAt: end }), now)).toEqual(validity)
})

test('a license that begins at no particular time has always been in force', () => {
  expect(validityAt(claims({ expiresAt: end }), 0)).toEqual({ kind: 'in-force', until: end })
})
