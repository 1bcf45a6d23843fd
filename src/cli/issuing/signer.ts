// The key that a command signs with, and the keys that customers have: what is signed is read with theirs before it leaves.

import { access } from 'node:fs/promises'
import type { Command } from 'commander'
import { readTrustedKeys } from '../input.ts'
import type { Io } from '../../terminal/output.ts'
import { addKeyOptions, type KeyOptions, readSigningKey, trustedKeysBeside } from './key-option.ts'
import { addLedgerOption, ledgerBeside, type LedgerOptions } from './ledger-file.ts'
import type { Signer } from './signed-license.ts'

export interface SignerOptions extends KeyOptions, LedgerOptions {
  readonly trustedKeys?: string
}

export function addSignerOptions(command: Command, use: string): Command {
  return addLedgerOption(
    addKeyOptions(command, use).option(
      '--trusted-keys <file>',
      'the public keys that customers have; by default trusted-keys.json beside the private key, if it is there',
    ),
  )
}

/** @throws CliError */
export async function readSigner(options: SignerOptions, io: Io): Promise<Signer> {
  const path = options.trustedKeys ?? (await ifThere(trustedKeysBeside(options.key)))
  const trusted = path === undefined ? {} : { trusted: { path, keys: await readTrustedKeys(path, io) } }
  return { key: await readSigningKey(options, io), ...trusted }
}

export function ledgerOf({ ledger, key }: SignerOptions): string {
  return ledger ?? ledgerBeside(key)
}

function ifThere(path: string): Promise<string | undefined> {
  return access(path).then(
    () => path,
    () => undefined,
  )
}
