// When nothing has to be written.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { covers, firstDifference, partOf, pathInWords } from '../../../src/kube/drift.ts'

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

test.each([
  [{ a: { b: 1 } }, { a: { b: 2 } }, 'a.b'],
  [{ c: [{ name: 'x', image: 'j' }] }, { c: [{ name: 'x', image: 'i' }] }, 'c[x].image'],
  [{ c: [{ name: 'y' }] }, { c: [{ name: 'x', image: 'i' }] }, 'c[x]'],
  [{ a: [1, 2, 3] }, { a: [1, 2] }, 'a'],
  [{ labels: {} }, { labels: { 'x.y/z': 'v' } }, 'labels[x.y/z]'],
  [{}, { a: { b: 1 } }, 'a'],
  [{ a: 1 }, { a: 1 }, undefined],
] as [unknown, unknown, string | undefined][])('%j differs from %j in %s', (live, wanted, expected) => {
  const path = firstDifference(live, wanted)
  expect(path === undefined ? undefined : pathInWords(path)).toBe(expected)
})

test('what came back is what is expected from then on, whatever was made of it on the way', () => {
  const item = fc.record({ name: fc.constantFrom('x', 'y', 'z'), image: fc.string() })
  const named = fc.uniqueArray(item, { selector: ({ name }) => name })
  const value = fc.oneof(fc.string(), fc.nat(), named, fc.array(fc.nat()), fc.dictionary(fc.string(), fc.nat()))
  const some = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value)
  fc.assert(
    fc.property(some, some, (wanted, answer) => {
      const expected = partOf(answer, wanted)
      expect(firstDifference(answer, expected)).toBeUndefined()
      // And it is no more than was wanted, so that what others add stays theirs.
      expect(Object.keys(expected as object).every((name) => name in wanted)).toBe(true)
    }),
  )
})
