// A tar archive in memory (POSIX ustar): files with names, and nothing else.

export interface TarEntry {
  readonly name: string
  readonly content: Buffer
}

const BLOCK = 512
const LONGEST_NAME = 100

/**
 * The archive as bytes; the same entries at the same time give the same bytes.
 * @param modifiedAt in ms since the epoch
 * @throws Error for a name that does not fit
 */
export function tar(entries: readonly TarEntry[], modifiedAt: number): Buffer {
  const blocks = entries.flatMap(({ name, content }) => [
    header(name, content.length, modifiedAt),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ])
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)])
}

function header(name: string, size: number, modifiedAt: number): Buffer {
  if (Buffer.byteLength(name) > LONGEST_NAME) throw new Error(`The name ${name} is too long for an archive`)
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`
  block.write(name, 0)
  block.write(octal(0o600, 7), 100)
  block.write(octal(0, 7), 108)
  block.write(octal(0, 7), 116)
  block.write(octal(size, 11), 124)
  block.write(octal(Math.floor(modifiedAt / 1000), 11), 136)
  // The checksum counts its own place as spaces.
  block.write(' '.repeat(8), 148)
  block.write('0', 156)
  block.write('ustar\0', 257)
  block.write('00', 263)
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
    148,
  )
  return block
}
