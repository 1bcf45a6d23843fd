// The private key that a command signs with, and its pass phrase: from a file or from a terminal, never from the command line
// or the environment, which others can list.

import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { parseSigningKey, type SigningKey } from '../../issuing/keys/signing-key.ts'
import { problemOf, readText } from '../input.ts'
import { CliError, EXIT, type Io } from '../../terminal/output.ts'

export interface KeyOptions {
  readonly key: string
  readonly passphraseFile?: string
}

const READABLE_BY_OTHERS = 0o077

export function addKeyOptions(command: Command, use: string): Command {
  return addPassphraseOption(
    command.requiredOption('--key <file>', `the private key ${use}: a JWK or PKCS#8 PEM file, encrypted or not`),
  )
}

export function addPassphraseOption(command: Command): Command {
  return command.option(
    '--passphrase-file <file>',
    'the pass phrase of the key, its first line; by default you are asked',
  )
}

/** @throws CliError */
export async function readSigningKey({ key, passphraseFile }: KeyOptions, io: Io): Promise<SigningKey> {
  const text = await readText(key, io)
  let isEncrypted = false
  try {
    const signingKey = await parseSigningKey(text, () => {
      isEncrypted = true
      return passphraseOf(key, passphraseFile, io)
    })
    if (!isEncrypted) await warnOfReaders(key, io)
    return signingKey
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`cannot sign with ${key}: ${problemOf(error)}`)
  }
}

function passphraseOf(key: string, file: string | undefined, io: Io): Promise<string> {
  if (file !== undefined) return readPassphraseFile(file, io)
  if (io.askSecret !== undefined) return io.askSecret(`Pass phrase of ${key}: `)
  throw new CliError(`the key ${key} is encrypted; give the file with its pass phrase as --passphrase-file`, EXIT.usage)
}

/** @throws CliError */
export async function readPassphraseFile(file: string, io: Io): Promise<string> {
  const [line = ''] = (await readText(file, io)).split(/\r?\n/)
  if (line === '') throw new CliError(`the first line of ${file} is empty; it must be the pass phrase`)
  await warnOfReaders(file, io)
  return line
}

async function warnOfReaders(file: string, io: Io): Promise<void> {
  const mode = await stat(file).then(
    (found) => found.mode,
    () => 0,
  )
  if ((mode & READABLE_BY_OTHERS) === 0 || process.platform === 'win32') return
  io.stderr(`Warning: others on this machine may read ${file}; run: chmod 600 ${file}\n`)
}

/** Where keygen puts the public half of a key, and of all others of the vendor. */
export function trustedKeysBeside(key: string): string {
  return join(dirname(key), 'trusted-keys.json')
}
