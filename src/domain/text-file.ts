// From the bytes of a file to its text, whatever editor, shell or spreadsheet wrote them; and a helpful word where letters
// could only be guessed. Nothing is guessed: a name that is read wrongly would be signed wrongly.

import { gunzipSync } from 'node:zlib'

export type Encoding = 'UTF-8' | 'UTF-16'

export type DecodedText =
  | {
      /** Without a byte order mark. */
      readonly text: string
      readonly encoding: Encoding
      readonly hasMark: boolean
      readonly isCompressed: boolean
    }
  /** The end of a sentence that begins with the name of the file, without a full stop. */
  | { readonly problem: string }

/** No file that we read is larger, in bytes: a dump of 15,000 nodes has a quarter of it. */
const LARGEST_TEXT = 512 * 1024 * 1024

/** @param largest how many bytes a compressed file may unpack to */
export function decodeText(bytes: Uint8Array, largest = LARGEST_TEXT): DecodedText {
  if (!isGzip(bytes)) return decode(bytes, false)
  const unpacked = unpack(bytes, largest)
  if (typeof unpacked === 'string') return { problem: unpacked }
  return isGzip(unpacked) ? { problem: 'is compressed twice: unpack it with gunzip' } : decode(unpacked, true)
}

/** How to make UTF-8 of it, as the end of a sentence. */
export const AS_UTF8 = 'save it as UTF-8'

function isGzip([first, second]: Uint8Array): boolean {
  return first === 0x1f && second === 0x8b
}

// The limit is on what comes out: a few kilobytes can hold gigabytes.
function unpack(bytes: Uint8Array, maxOutputLength: number): Uint8Array | string {
  try {
    return gunzipSync(bytes, { maxOutputLength })
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    return isTooLarge
      ? `is compressed with gzip and unpacks to more than ${Math.floor(maxOutputLength / 1024)} KiB: is it the right file?`
      : 'is compressed with gzip and damaged: copy it again'
  }
}

function decode(bytes: Uint8Array, isCompressed: boolean): DecodedText {
  const other = otherFormat(bytes)
  if (other !== undefined) return { problem: other }
  const utf16 = utf16Of(bytes)
  const encoding = utf16 === undefined ? 'UTF-8' : 'UTF-16'
  const text = decodeAs(utf16 ?? 'utf-8', bytes)
  if (text === undefined)
    return { problem: utf16 === undefined ? notUtf8(bytes) : `is saved as UTF-16 and damaged: ${AS_UTF8}` }
  const hasMark = text.startsWith('\uFEFF')
  return { text: hasMark ? text.slice(1) : text, encoding, hasMark, isCompressed }
}

function otherFormat(bytes: Uint8Array): string | undefined {
  const begins = (...start: readonly number[]) => start.every((byte, index) => bytes[index] === byte)
  // Before UTF-16, whose mark is the first half of this one.
  if (begins(0xff, 0xfe, 0, 0) || begins(0, 0, 0xfe, 0xff)) return `is saved as UTF-32: ${AS_UTF8}`
  if (begins(0x50, 0x4b, 3, 4))
    return 'is a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV UTF-8'
  if (begins(0xd0, 0xcf, 0x11, 0xe0)) return 'is an old Office document: save the sheet as CSV UTF-8'
  return undefined
}

/** By its mark; without one by the zeros that every second byte of Latin letters is. */
function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  const start = bytes.subarray(0, 512)
  if (start.length < 4 || bytes.length % 2 === 1) return undefined
  const zeros = [0, 0]
  for (const [index, byte] of start.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  const many = start.length / 4
  if (even === 0 && odd > many) return 'utf-16le'
  return odd === 0 && even > many ? 'utf-16be' : undefined
}

function decodeAs(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

// Which of the code pages it was, the bytes do not tell: the letters would be another language's.
function notUtf8(bytes: Uint8Array): string {
  const isText = bytes.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d)
  if (!isText) return 'is not text: is it encrypted, or another file?'
  const how = 'in Excel as "CSV UTF-8", elsewhere with iconv -f WINDOWS-1252 -t UTF-8'
  return `is saved as Windows-1252 or in another code page: ${AS_UTF8} (${how})`
}
