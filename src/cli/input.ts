// Reading the files that a command is given, and saying in one sentence why one cannot be read.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { TrustedKeys } from '../domain/license/trusted-keys.ts'
import { decodeText } from '../domain/text-file.ts'
import { CliError, type Io } from './output.ts'

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
  const decoded = decodeText(await readInput(path, io))
  if ('problem' in decoded) throw new CliError(`${path === '-' ? 'standard input' : path} ${decoded.problem}`)
  return decoded.text
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
