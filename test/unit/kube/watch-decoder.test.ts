// Events of a watch in Protobuf, made here by what Kubernetes' own definitions say, in whatever pieces they come.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NODE_MESSAGE } from '../../../src/operator/observed/nodes.ts'
import { KubeError } from '../../../src/kube/errors.ts'
import { eventsInFrames, type RawEvent } from '../../../src/kube/watch-decoder.ts'

const message = (fill: (writer: BinaryWriter) => void) => {
  const writer = new BinaryWriter()
  fill(writer)
  return writer.finish()
}
const bytes = (writer: BinaryWriter, field: number, value: Uint8Array) =>
  writer.tag(field, WireType.LengthDelimited).bytes(value)
const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value)

function frame(type: string, kind: string, object: Uint8Array): Buffer {
  const envelope = message((writer) => {
    bytes(
      writer,
      1,
      message((typeMeta) => text(text(typeMeta, 1, 'v1'), 2, kind)),
    )
    text(bytes(writer, 2, object), 3, '')
  })
  const raw = Buffer.concat([Buffer.from('k8s\0'), envelope])
  const event = message((writer) => {
    text(writer, 1, type)
    bytes(
      writer,
      2,
      message((extension) => bytes(extension, 1, raw)),
    )
  })
  const length = Buffer.alloc(4)
  length.writeUInt32BE(event.length)
  return Buffer.concat([length, event])
}

const entry = (key: string, value: string) => message((writer) => text(text(writer, 1, key), 2, value))
const node = (name: string) =>
  message((writer) => {
    const metadata = message((meta) => {
      text(meta, 1, name)
      text(meta, 3, '')
      text(meta, 6, '42')
      meta.tag(7, WireType.Varint).int64(3)
      bytes(
        meta,
        8,
        message((time) => time.tag(1, WireType.Varint).int64(1_700_000_000)),
      )
      bytes(meta, 11, entry('empty', ''))
      bytes(meta, 11, entry('größe', 'ü'))
    })
    bytes(writer, 1, metadata)
    bytes(
      writer,
      3,
      message((status) => {
        for (let image = 0; image < 50; image++) text(status, 8, 'x'.repeat(200))
        status.tag(99, WireType.Bit64).fixed64(1)
      }),
    )
  })
const failure = message((writer) => {
  text(text(text(writer, 2, 'Failure'), 3, 'too old'), 4, 'Expired')
  writer.tag(6, WireType.Varint).int32(410)
})

const STREAM = Buffer.concat([
  frame('ADDED', 'Node', node('a')),
  frame('BOOKMARK', 'Node', node('')),
  frame('DELETED', 'Node', node('b')),
  frame('ERROR', 'Status', failure),
])
const metadata = (name: string) => ({
  ...(name === '' ? {} : { name }),
  resourceVersion: '42',
  creationTimestamp: '2023-11-14T22:13:20Z',
  labels: { empty: '', größe: 'ü' },
})
const EVENTS = [
  { type: 'ADDED', object: { metadata: metadata('a'), status: {} } },
  { type: 'BOOKMARK', object: { metadata: metadata(''), status: {} } },
  { type: 'DELETED', object: { metadata: metadata('b'), status: {} } },
  { type: 'ERROR', object: { message: 'too old', reason: 'Expired', code: 410 } },
]

async function read(chunks: readonly Buffer[]): Promise<RawEvent[]> {
  async function* arriving() {
    yield* chunks
  }
  return await Array.fromAsync(eventsInFrames(arriving(), NODE_MESSAGE))
}

test('in one piece, byte by byte, and cut anywhere', async () => {
  expect(await read([STREAM])).toEqual(EVENTS)
  expect(await read(Array.from(STREAM, (_, at) => STREAM.subarray(at, at + 1)))).toEqual(EVENTS)
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: STREAM.length - 1 }), { maxLength: 12 }),
      async (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length]
        const chunks = at.slice(1).map((end, index) => STREAM.subarray(at[index], end))
        expect(await read(chunks)).toEqual(EVENTS)
      },
    ),
    { numRuns: 300 },
  )
})

test('half an event is none', async () => {
  expect(await read([STREAM.subarray(0, STREAM.length - 1)])).toEqual(EVENTS.slice(0, 3))
})

test('whatever is wrong with the bytes, it is an event that was lost and no other error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(STREAM.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const changed = Buffer.from(STREAM)
      changed[at] = (changed[at] ?? 0) ^ flip
      try {
        for (const { type } of await read([changed]))
          expect(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']).toContain(type)
      } catch (error) {
        expect(error).toBeInstanceOf(KubeError)
        expect((error as KubeError).status).toBe(410)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a frame that claims to be endless is not waited for', async () => {
  await expect(read([Buffer.from([0xff, 0xff, 0xff, 0xff, 0])])).rejects.toMatchObject({ status: 410 })
})
