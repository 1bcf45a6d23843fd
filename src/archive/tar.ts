// Tar archives that are the same, byte by byte, for the same content: nothing of the machine that made them is in them.

/** What is in an archive. Folders above a file are added by themselves. */
export type TarEntry = { readonly path: string; readonly mode?: number } & (
  { readonly content: Buffer | string } | { readonly linkTo: string } | { readonly folder: true }
)

export interface TarOptions {
  /** The one time that every entry carries. */
  readonly modified: Date
}

const BLOCK = 512
// What GNU tar and Go write out, so that the size is the one that people expect.
const RECORD = 20 * BLOCK
const MODE = { file: 0o644, folder: 0o755, link: 0o777 }

/** @throws Error when a path is longer than the format takes */
export function tar(entries: readonly TarEntry[], { modified }: TarOptions): Buffer {
  const blocks: Buffer[] = []
  for (const entry of withFolders(entries)) {
    const content = 'content' in entry ? bytes(entry.content) : bytes('')
    blocks.push(header(entry, content.length, modified), content, Buffer.alloc(padding(content.length, BLOCK)))
  }
  blocks.push(Buffer.alloc(2 * BLOCK))
  const size = blocks.reduce((sum, block) => sum + block.length, 0)
  return Buffer.concat([...blocks, Buffer.alloc(padding(size, RECORD))])
}

/** The content of a file in an archive; undefined when it is not there. */
export function fileIn(archive: Buffer, path: string): Buffer | undefined {
  for (let at = 0; at + BLOCK <= archive.length;) {
    const field = (from: number, length: number) =>
      archive.toString('utf8', at + from, at + from + length).replace(/\0[^]*$/, '')
    const size = Number.parseInt(field(124, 12), 8) || 0
    if (field(0, 100) === path) return archive.subarray(at + BLOCK, at + BLOCK + size)
    at += BLOCK + size + padding(size, BLOCK)
  }
  return undefined
}

function withFolders(entries: readonly TarEntry[]): TarEntry[] {
  const all = new Map<string, TarEntry>()
  for (const entry of entries) {
    const parts = entry.path.split('/')
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join('/')
      if (!all.has(path)) all.set(path, { path, folder: true })
    }
    all.set(entry.path, entry)
  }
  // In the order of bytes, in which a folder comes before what is in it.
  return [...all.values()].toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
}

function header(entry: TarEntry, size: number, modified: Date): Buffer {
  const kind = 'content' in entry ? 'file' : 'linkTo' in entry ? 'link' : 'folder'
  const [prefix, name] = split(kind === 'folder' ? `${entry.path}/` : entry.path)
  const block = Buffer.alloc(BLOCK)
  const text = (value: string, at: number) => void block.write(value, at, 'utf8')
  const octal = (value: number, at: number, digits: number) => text(value.toString(8).padStart(digits, '0'), at)
  text(name, 0)
  octal(entry.mode ?? MODE[kind], 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(size, 124, 11)
  octal(Math.floor(modified.getTime() / 1_000), 136, 11)
  text(' '.repeat(8), 148)
  text({ file: '0', link: '2', folder: '5' }[kind], 156)
  if ('linkTo' in entry) text(entry.linkTo, 157)
  text('ustar\x0000', 257)
  text(prefix, 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  text(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function split(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ['', path]
  const slash = path.indexOf('/', path.length - 101)
  const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)]
  if (slash === -1 || name === '' || Buffer.byteLength(name) > 100 || Buffer.byteLength(prefix) > 155) {
    throw new Error(`${path} is too long for a tar archive`)
  }
  return [prefix, name]
}

function padding(size: number, to: number): number {
  return (to - (size % to)) % to
}

function bytes(content: Buffer | string): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : content
}
