// What a watch brings, event by event: lines of JSON, or frames of Protobuf.

import type { RawObject } from './object.ts'
import { KubeError } from './errors.ts'
import { type Message, readMessage, watchEvent } from './protobuf.ts'

/** One event, as the API server sends it. */
export interface RawEvent {
  readonly type: string
  readonly object: RawObject & { readonly code?: number; readonly message?: string; readonly reason?: string }
}

/** etcd takes objects of 1.5 MB; an event is one object. */
const LONGEST = 16 * 1024 * 1024

/** @throws KubeError 410 for an event that cannot be read: it is lost, and everything has to be read anew */
export async function* eventsInLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<RawEvent, void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const [first = '', ...more] = decoder.decode(chunk, { stream: true }).split('\n')
    // Only what is new is searched: a long line comes in many chunks.
    rest += first
    if (rest.length > LONGEST) throw unreadable()
    for (const next of more) {
      if (rest.trim() !== '') yield checked(() => JSON.parse(rest) as RawEvent)
      rest = next
    }
  }
}

const LENGTH_BYTES = 4

/**
 * Each frame is its length, and an event with such an object in it.
 * @throws KubeError 410 for an event that cannot be read
 */
export async function* eventsInFrames(chunks: AsyncIterable<Buffer>, object: Message): AsyncGenerator<RawEvent, void> {
  const event = watchEvent(object)
  let begun = NOTHING
  for await (const chunk of chunks) {
    let rest = chunk
    while (rest.length > 0) {
      const length = lengthOfFrame(begun, rest)
      if (length > LONGEST) throw unreadable()
      const part = rest.subarray(0, length - begun.length)
      // Only a frame that comes in two chunks is copied.
      begun = begun.length === 0 ? part : Buffer.concat([begun, part])
      rest = rest.subarray(part.length)
      if (begun.length < length) continue
      const frame = begun.subarray(LENGTH_BYTES)
      yield checked(() => readMessage(frame, event) as unknown as RawEvent)
      begun = NOTHING
    }
  }
}

const NOTHING: Buffer = Buffer.alloc(0)

/** With what its length takes; one more than there is while that is not known. */
function lengthOfFrame(begun: Buffer, rest: Buffer): number {
  const head = begun.length >= LENGTH_BYTES ? begun : Buffer.concat([begun, rest.subarray(0, LENGTH_BYTES)])
  return head.length < LENGTH_BYTES ? head.length + 1 : LENGTH_BYTES + head.readUInt32BE()
}

const CHANGES: ReadonlySet<string> = new Set(['ADDED', 'MODIFIED', 'DELETED'])

function checked(read: () => RawEvent): RawEvent {
  try {
    const event = read()
    const { type, object } = event
    if (type === 'ERROR' || type === 'BOOKMARK') return event
    if (CHANGES.has(type) && typeof object.metadata.name === 'string') return event
  } catch {
    // Falls through: what cannot be parsed is as bad as what makes no sense.
  }
  throw unreadable()
}

function unreadable(): KubeError {
  return new KubeError('the API server sent a watch event that cannot be read', 410, 'Expired')
}
