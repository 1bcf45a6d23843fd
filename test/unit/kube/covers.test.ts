// When nothing has to be written.

import { expect, test } from 'vitest'
import { covers } from '../../../src/kube/covers.ts'

test.each([
  [{ a: 1, b: 2 }, { a: 1 }, true, 'more than is wanted'],
  [{ a: 1 }, { a: 1, b: 2 }, false, 'something is missing'],
  [{ a: { b: [1, 2] } }, { a: { b: [1, 2] } }, true, 'the same'],
  [{ a: [1, 2, 3] }, { a: [1, 2] }, false, 'a plain list is one value'],
  [
    { c: [{ name: 'x', image: 'i', pullPolicy: 'p' }, { name: 'y' }] },
    { c: [{ name: 'x', image: 'i' }] },
    true,
    'named items are found by name',
  ],
  [{ c: [{ name: 'x', image: 'j' }] }, { c: [{ name: 'x', image: 'i' }] }, false, 'a named item differs'],
  [undefined, {}, false, 'there is nothing'],
  [null, null, true, 'null is null'],
  [{}, { c: [] }, false, 'an empty list is wanted'],
] as [unknown, unknown, boolean, string][])('%j covers %j: %s (%s)', (live, wanted, expected, _because) => {
  expect(covers(live, wanted)).toBe(expected)
})
