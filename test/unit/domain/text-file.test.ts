// One text, however it was written down.

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeText } from '../../../src/domain/text-file.ts'

const TEXT = 'organization,plan\nMüller & Söhne,team\nSociété Générale,team\n'
const utf16 = Buffer.from(`\uFEFF${TEXT}`, 'utf16le')

test.each<[string, Uint8Array]>([
  ['UTF-8', Buffer.from(TEXT)],
  ['UTF-8 with a mark', Buffer.from(`\uFEFF${TEXT}`)],
  ['UTF-16', utf16],
  ['UTF-16, the other way', Buffer.from(utf16).swap16()],
  ['UTF-16 without a mark', utf16.subarray(2)],
  ['gzip', gzipSync(TEXT)],
  ['gzip of UTF-16', gzipSync(utf16)],
])('%s', (_what, bytes) => {
  expect(decodeText(bytes)).toMatchObject({ text: TEXT })
})

test.each<[string, Uint8Array, RegExp]>([
  ['Windows-1252', Buffer.from(TEXT, 'latin1'), /^is saved as Windows-1252 or in another code page: save it as UTF-8/],
  ['gzip of it', gzipSync(Buffer.from(TEXT, 'latin1')), /^is saved as Windows-1252/],
  ['half of UTF-16', utf16.subarray(0, 21), /^is saved as UTF-16 and damaged/],
  ['gzip twice', gzipSync(gzipSync(TEXT)), /^is compressed twice/],
  ['a workbook', Buffer.from('PK\u0003\u0004 and more'), /Excel workbook.*save the sheet as CSV UTF-8$/],
  ['no text', Buffer.from([0xff, 0x01, 0x02]), /^is not text/],
])('%s is named, with what mends it', (_what, bytes, problem) => {
  expect(decodeText(bytes)).toEqual({ problem: expect.stringMatching(problem) })
})

test('what comes out of a compressed file is bounded, whatever it says of itself', () => {
  expect(decodeText(gzipSync(Buffer.alloc(4096)), 1024)).toEqual({
    problem: expect.stringMatching(/unpacks to more than 1 KiB/),
  })
})

test('every text is read as it was written, and no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      fc.pre(!text.startsWith('\uFEFF') && !/\p{Cc}/u.test(text) && !text.startsWith('PK'))
      expect(decodeText(Buffer.from(text))).toMatchObject({ text })
      expect(decodeText(Buffer.from(`\uFEFF${text}`, 'utf16le'))).toMatchObject({ text })
    }),
  )
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeText(bytes)))
})
