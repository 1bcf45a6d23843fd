// Reading the files that a command is given, and saying in one sentence why one cannot be read.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { parseAllDocuments, type YAMLParseError } from 'yaml'
import type { TrustedKeys } from '../domain/license/trusted-keys.ts'
import { decodeText } from '../domain/text-file.ts'
import { CliError, type Io } from '../terminal/output.ts'

/** Where the image keeps the vendor's public keys. */
export const TRUSTED_KEYS_FILE = '/etc/cto/trusted-keys.json'

/**
 * The content of a file, or of standard input for `-`.
 * @throws CliError
 */
export async function readInput(path: string, io: Io): Promise<Uint8Array> {
  if (path === '-') return io.stdin()
  try {
    return await readFile(path)
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${fileProblem(error)}`)
  }
}

/**
 * The text of a file, or of standard input for `-`: UTF-8 or UTF-16, compressed with gzip or not.
 * @throws CliError
 */
export async function readText(path: string, io: Io): Promise<string> {
  return textIn(await readInput(path, io), path === '-' ? 'standard input' : path)
}

/** @throws CliError that begins with the name */
export function textIn(bytes: Uint8Array, name: string): string {
  const decoded = decodeText(bytes)
  if ('problem' in decoded) throw new CliError(`${name} ${decoded.problem}`)
  return decoded.text
}

/** Deeper than anything that Kubernetes or a person writes, and shallow enough for whatever walks through it. */
const MAX_DEPTH = 200
export const TOO_DEEP = `is nested deeper than ${MAX_DEPTH} levels`
export const NOT_YAML = 'is neither JSON nor YAML'

/** Why a text cannot be read, as the end of a sentence. */
export class UnreadableText extends Error {
  override readonly name = 'UnreadableText'
  /** The parser's own words, as the rest of that sentence. They may quote the text, which may hold a license key. */
  readonly detail: string

  constructor(problem: string, detail = '') {
    super(problem)
    this.detail = detail
  }
}

/**
 * The documents of a YAML text, of which JSON is a part; empty ones are left out.
 * @throws UnreadableText
 */
export function yamlDocuments(text: string): unknown[] {
  let values: unknown[]
  try {
    values = parseAllDocuments(text, { logLevel: 'silent' }).flatMap((document) => {
      const [error] = document.errors
      if (error !== undefined) throw error
      const value: unknown = document.toJS()
      return value === null || value === undefined ? [] : [value]
    })
  } catch (error) {
    // The parser calls itself for each level, and says so when that comes to an end.
    if (error instanceof RangeError || (error as YAMLParseError).code === 'RESOURCE_EXHAUSTION')
      throw new UnreadableText(TOO_DEEP)
    // A few lines can stand for more than there is memory for.
    if (error instanceof ReferenceError)
      throw new UnreadableText('has too many YAML aliases, or one that stands for nothing')
    // The parser draws the line with an arrow below it; the first line says it.
    const [detail = ''] = problemOf(error).split('\n')
    throw new UnreadableText(NOT_YAML, `: ${detail.replace(/:$/, '')}`)
  }
  for (const value of values) if (isTooDeep(value)) throw new UnreadableText(TOO_DEEP)
  return values
}

/**
 * The documents of a file of Kubernetes objects. What cannot be read is not quoted: it may be a license key.
 * @throws CliError
 */
export function yamlObjects(text: string, file: string): unknown[] {
  try {
    return yamlDocuments(text)
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error
    throw new CliError(`${file} ${error.message}`)
  }
}

/**
 * The only document of a YAML text; null when it is empty.
 * @throws UnreadableText
 */
export function yamlDocument(text: string): unknown {
  const [first = null, ...others] = yamlDocuments(text)
  if (others.length > 0) throw new UnreadableText('holds several documents, and should hold one')
  return first
}

/** Level by level: whoever went down value by value would come to no end in one that holds itself. */
export function isTooDeep(value: unknown): boolean {
  let level: ReadonlySet<object> = new Set(isObject(value) ? [value] : [])
  for (let depth = 0; level.size > 0; depth++) {
    if (depth === MAX_DEPTH) return true
    const below = new Set<object>()
    for (const one of level) for (const inner of Object.values(one)) if (isObject(inner)) below.add(inner)
    level = below
  }
  return false
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** @throws CliError */
export async function readTrustedKeys(path: string, io: Io): Promise<TrustedKeys> {
  if (io.foreignCode !== undefined) {
    const what = 'so that this process may run code that is not ours, and no signature is verified in it'
    throw new CliError(`${io.foreignCode}, ${what}; take it out of the environment and start anew`)
  }
  const text = await readText(path, io).catch((error: unknown) => {
    if (!(error instanceof CliError)) throw error
    throw new CliError(`${error.message}; name the vendor's public keys with --trusted-keys`)
  })
  // Loaded only here: most commands need no cryptography.
  const { parseTrustedKeys } = await import('../domain/license/trusted-keys.ts')
  try {
    return parseTrustedKeys(text)
  } catch (error) {
    throw new CliError(`${path} does not hold trusted keys: ${problemOf(error)}`)
  }
}

/**
 * The keys of that file; without one those of the image, where there are any.
 * @throws CliError when a file is named and cannot be read
 */
export async function trustedKeysIfThere(path: string | undefined, io: Io): Promise<TrustedKeys | undefined> {
  if (path === undefined && !existsSync(TRUSTED_KEYS_FILE)) return undefined
  return readTrustedKeys(path ?? TRUSTED_KEYS_FILE, io)
}

/** The message of something that was thrown. */
export function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What was thrown as the end of a command. */
export function cliErrorFrom(error: unknown): CliError {
  return error instanceof CliError ? error : new CliError(problemOf(error).replace(/\.$/, ''))
}

const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  EEXIST: 'it exists already, and is not overwritten',
  ENOTDIR: 'a part of the path is not a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
}

/** Why a file operation failed, in words. */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return FILE_PROBLEMS[code] ?? problemOf(error)
}
