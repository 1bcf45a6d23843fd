// A list taken apart while it arrives has the same items as the whole, whatever is in them and wherever the chunks end.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { itemsOf, type ListEnd } from '../../../src/kube/list-stream.ts'

async function* inChunks(text: string, sizes: readonly number[]): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function read(text: string, sizes: readonly number[]): Promise<{ items: unknown[]; end: ListEnd }> {
  const items: unknown[] = []
  const parts = itemsOf(inChunks(text, sizes))
  for (;;) {
    const next = await parts.next()
    if (next.done === true) return { items, end: next.value }
    items.push(next.value)
  }
}

// Text that looks like what separates items, at every depth.
const traps = fc.constantFrom(
  '},{"metadata":',
  '"},{"metadata":{"a',
  '{"metadata":{}},{"metadata":{}}',
  '\\"',
  'ä€😀',
  ']}',
)
const value = fc.letrec((tie) => ({
  leaf: fc.oneof(traps, fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
  list: fc.array(tie('tree'), { maxLength: 4 }),
  object: fc.dictionary(fc.oneof(fc.constantFrom('metadata', 'items', 'a'), traps), tie('tree'), { maxKeys: 4 }),
  tree: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('list'), tie('object')),
})).tree
const item = fc.record({
  metadata: fc.record({ name: traps, parts: fc.array(fc.record({ metadata: value })) }),
  spec: value,
})
const metadata = { resourceVersion: '7', continue: 'more' }

test('any list in any chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (items, sizes, metadataFirst) => {
        const kind = 'List'
        const list = metadataFirst ? { kind, metadata, items } : { apiVersion: 'v1', items, kind, metadata }
        const text = JSON.stringify(list)
        const found = await read(text, sizes)
        expect(found.items).toEqual((JSON.parse(text) as typeof list).items)
        expect(found.end.metadata).toEqual(metadata)
      },
    ),
  )
})

test('lists that are not as most are', async () => {
  for (const [text, count] of [
    ['{"kind":"List","metadata":{"resourceVersion":"1"},"items":[]}', 0],
    ['{"kind":"List","metadata":{"resourceVersion":"1"},"items":null}', 0],
    ['{"kind":"List","metadata":{"resourceVersion":"1"}}', 0],
    [JSON.stringify({ metadata, items: [{ metadata: {} }, { metadata: {} }] }, undefined, 2), 2],
    ['{"metadata":{},"items":[{},{},{}]}', 3],
  ] as const) {
    expect((await read(text, [7])).items).toHaveLength(count)
  }
  for (const text of ['', '{"items":[{"metadata":{}},{"metadata":{}', 'no', '{"items":[{"metadata":{}}}']) {
    await expect(read(text, [7]), text).rejects.toThrow(SyntaxError)
  }
})

test('an object full of separators is read all the same', async () => {
  const many = Array.from({ length: 2_000 }, (_, index) => ({ metadata: { index } }))
  const items = [{ metadata: { name: 'a' } }, { metadata: { name: 'b', many } }, { metadata: { name: 'c' } }]
  expect((await read(JSON.stringify({ metadata, items }), [1_000])).items).toEqual(items)
})
