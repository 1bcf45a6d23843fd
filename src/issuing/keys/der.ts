// The little of DER (ITU-T X.690) that an encrypted key is written in.

const CONSTRUCTED_SEQUENCE = 0x30
const INTEGER = 0x02
const OCTET_STRING = 0x04
const OBJECT_IDENTIFIER = 0x06
const LONGEST_SHORT_LENGTH = 0x7f

export function sequence(...members: readonly Buffer[]): Buffer {
  return element(CONSTRUCTED_SEQUENCE, Buffer.concat(members))
}

export function octets(bytes: Uint8Array): Buffer {
  return element(OCTET_STRING, bytes)
}

/** @param value a whole number from 0 up */
export function integer(value: number): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  // A first bit that is set would make it negative.
  return element(INTEGER, (bytes[0] ?? 0) > LONGEST_SHORT_LENGTH ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}

/** @param dotted such as `1.2.840.113549.1.5.13` */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(OBJECT_IDENTIFIER, Buffer.from([first * 40 + second, ...rest].flatMap(base128)))
}

/** Seven bits in a byte; all but the last have the eighth set. */
function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80)
  return bytes
}

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content])
}

function lengthOf(length: number): Buffer {
  if (length <= LONGEST_SHORT_LENGTH) return Buffer.of(length)
  const bytes = length > 0xff ? Buffer.of(length >> 8, length & 0xff) : Buffer.of(length)
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes])
}
