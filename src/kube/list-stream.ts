// The objects of a list, one by one while its bytes arrive: neither the text nor the objects of a whole page are ever in memory.
//
// Items are separated by `},{` and the name that each of them begins with. Where that is found the text before it is parsed;
// if it is no JSON the separator was inside of an item, and the next one is looked for. The first that parses is the end of
// the item: no JSON object begins with another one. What cannot be taken apart so is parsed in the end, as a whole.

import type { RawObject } from './object.ts'

/** What a list says beside its items. */
export interface ListEnd {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
}

const ITEMS = '"items":['
/** So many separators inside of one item are looked into: whoever writes an object must not keep us busy with it. */
const LOOKS = 32
const LARGEST = 64 * 1024 * 1024

/** @throws SyntaxError when the bytes are no list in JSON; it may quote them */
export async function* itemsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<RawObject, ListEnd> {
  let head: string | undefined
  let separator: Buffer | undefined
  let rest: Buffer = Buffer.alloc(0)
  let searched = 0
  let looks = 0
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    if (rest.length > LARGEST) throw new SyntaxError('an item without an end')
    if (head === undefined) {
      const at = rest.indexOf(ITEMS)
      if (at < 0) continue
      head = rest.toString('utf8', 0, at + ITEMS.length)
      rest = rest.subarray(at + ITEMS.length)
    }
    separator ??= separatorOf(rest)
    if (separator === undefined) continue
    let start = 0
    while (looks < LOOKS) {
      const end = rest.indexOf(separator, searched)
      if (end < 0) break
      searched = end + 1
      const item = parsed(rest.toString('utf8', start, end + 1))
      if (item === undefined) {
        looks++
        continue
      }
      looks = 0
      start = end + 2
      yield item
    }
    rest = rest.subarray(start)
    // A separator may be cut in two by the end of the chunk.
    searched = Math.max(0, rest.length - separator.length)
  }
  const { items, ...end } = JSON.parse((head ?? '') + rest.toString('utf8')) as ListEnd & { items?: RawObject[] | null }
  yield* items ?? []
  return end
}

function separatorOf(bytes: Buffer): Buffer | undefined {
  const first = /^\{"[^"\\]{1,64}":/.exec(bytes.toString('latin1', 0, 80))?.[0]
  return first === undefined ? undefined : Buffer.from(`},${first}`)
}

function parsed(text: string): RawObject | undefined {
  try {
    return JSON.parse(text) as RawObject
  } catch {
    return undefined
  }
}
