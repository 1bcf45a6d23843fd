// The vendor's ledger: one line for everything that was ever signed and for every key. Lines are only ever added, and each
// has the hash of the one before it: who changes or removes one breaks every line after it. What was cut off at the end
// is seen by whoever noted the head of the chain elsewhere.

import { createHash } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Instant } from '../domain/time.ts'
import { readStrictJson } from '../domain/license/strict-json.ts'
import { AS_UTF8, decodeText } from '../domain/text-file.ts'
import { type LedgerEntry, type LedgerLine, ledgerLine, type LicenseEntry } from './ledger-entry.ts'
import { OWNER_ONLY, syncFolder } from '../files/staged.ts'

export interface Ledger {
  readonly lines: readonly LedgerLine[]
  /** The hash of the last line; with it, nobody can cut off the end unseen. */
  readonly head: string
  /** The hashes of all lines, in their order. */
  readonly hashes: readonly string[]
}

/** A line that is not as it was written, counted from 1. The lines before it are good. */
export class LedgerProblem extends Error {
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.name = 'LedgerProblem'
    this.line = line
  }
}

const MAX_DEPTH = 8
/** What the first line names as the hash of the line before it. */
const NOTHING_BEFORE = sha256('')

/**
 * Reads a ledger and checks its chain.
 * @throws LedgerProblem
 */
export function parseLedger(text: string): Ledger {
  const texts = text === '' ? [] : text.split('\n')
  if (texts.length > 0 && texts.pop() !== '') {
    throw new LedgerProblem(
      texts.length + 1,
      'it was cut off while it was written, and nothing was handed out by it; remove the line',
    )
  }
  const lines: LedgerLine[] = []
  const hashes: string[] = []
  for (const [index, content] of texts.entries()) {
    const line = parseLine(content, index + 1)
    if (line.previous !== (hashes.at(-1) ?? NOTHING_BEFORE)) {
      throw new LedgerProblem(index + 1, brokenAt(index))
    }
    lines.push(line)
    hashes.push(sha256(content))
  }
  return { lines, hashes, head: hashes.at(-1) ?? NOTHING_BEFORE }
}

function brokenAt(index: number): string {
  if (index === 0) return 'it does not begin the ledger: lines before it were removed; take the ledger from a backup'
  return `it does not follow line ${index}: that line, or what stood between them, was changed or removed; take the ledger from a backup`
}

function parseLine(content: string, number: number): LedgerLine {
  const json = readStrictJson(content, MAX_DEPTH)
  if ('problem' in json) throw new LedgerProblem(number, `it ${json.problem}; take the ledger from a backup`)
  const parsed = ledgerLine.safeParse(json.value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`
  throw new LedgerProblem(number, `it is no line of a ledger (${where}); take the ledger from a backup`)
}

/**
 * The content of the file; empty when there is none yet.
 * @throws Error when it is not as we write it: lines that are added to what an editor saved in another way cannot be read
 */
export async function readLedgerFile(path: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
  const decoded = decodeText(bytes)
  if ('problem' in decoded) throw new Error(`it ${decoded.problem}`)
  const { text, encoding, hasMark, isCompressed } = decoded
  if (encoding === 'UTF-8' && !hasMark && !isCompressed) return text
  throw new Error(
    `it is not as it was written (an editor or a tool saved it in another way); ${AS_UTF8} without a byte order mark`,
  )
}

/**
 * Adds entries and has them on the disk before it returns: all of them, or none. Only for who holds the lock of the ledger.
 * @param ledger what stands in the file
 */
export async function appendToLedger(
  path: string,
  ledger: Ledger,
  entries: readonly LedgerEntry[],
  now: Instant,
): Promise<void> {
  const file = await open(path, 'a', OWNER_ONLY)
  try {
    const { size } = await file.stat()
    try {
      await file.appendFile(chain(ledger.head, entries, now))
      await file.sync()
      if (size === 0) await syncFolder(dirname(path))
    } catch (error) {
      // The disk is full: half a line would keep everybody from adding another one.
      await file.truncate(size)
      throw error
    }
  } finally {
    await file.close()
  }
}

function chain(head: string, entries: readonly LedgerEntry[], now: Instant): string {
  let previous = head
  let text = ''
  for (const entry of entries) {
    const line = JSON.stringify(ledgerLine.encode({ ...entry, at: now, previous }))
    previous = sha256(line)
    text += `${line}\n`
  }
  return text
}

/** The licenses of a ledger, in the order of their issue. */
export function licensesOf({ lines }: Ledger): (LicenseEntry & LedgerLine)[] {
  return lines.filter((line) => line.kind === 'license')
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
