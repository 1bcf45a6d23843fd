// gzip that does not tell on which system it was made.

import { gzipSync } from 'node:zlib'

const SYSTEM = 9
const UNKNOWN = 255

export function gzip(content: Buffer): Buffer {
  const packed = gzipSync(content, { level: 6 })
  packed[SYSTEM] = UNKNOWN
  return packed
}
