// `cto vendor keygen`: a new key pair. The private half is written once, for its owner only; the public half joins the
// set of trusted keys, so that licenses of the old key stay valid while the new one is brought in.

import { mkdir, stat } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { Command, Option } from 'commander'
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../../domain/license/signature.ts'
import { KEY_USES, type KeyUse } from '../../domain/license/trusted-keys.ts'
import { fileProblem } from '../input.ts'
import { CliError, type Format, formatOption, type Io, print, properties } from '../../terminal/output.ts'
import { addPassphraseOption, trustedKeysBeside } from './key-option.ts'
import { addLedgerOption, ledgerBeside, type LedgerOptions, withLedger } from './ledger-file.ts'
import {
  demandExtension,
  newPassphrase,
  type NewKeyOptions,
  privateKeyName,
  stageKeySet,
  stageNewKey,
} from './new-key.ts'

interface KeygenOptions extends NewKeyOptions, LedgerOptions {
  readonly out: string
  readonly alg: SignatureAlgorithm
  readonly kid?: string
  readonly use: KeyUse
  readonly output: Format
}

/** What somebody could do with a private key that he should not have. */
const POWERS: Readonly<Record<KeyUse, string>> = {
  license: 'make licenses',
  revocation: 'revoke every license',
  catalog: 'change the rules of the product',
  heartbeat: 'answer customers in your name',
}

export function keygenCommand(io: Io): Command {
  const command = new Command('keygen')
    .description('make a key pair')
    .requiredOption('--out <path>', 'a folder, or the file for the private key: .json, or .pem when encrypted')
    .addOption(new Option('--use <use>', 'what the key may sign').choices(KEY_USES).default('license'))
    .addOption(new Option('--alg <alg>', 'the signature algorithm').choices(SIGNATURE_ALGORITHMS).default('EdDSA'))
    .option('--kid <id>', 'the ID of the key; by default it follows from the key')
    .option('--encrypt', 'encrypt the private key with a pass phrase')
  return addLedgerOption(addPassphraseOption(command))
    .addOption(formatOption())
    .action((options: KeygenOptions) => keygen(io, options))
}

async function keygen(io: Io, options: KeygenOptions): Promise<void> {
  const { alg, use, kid } = options
  const privateKey = await placeFor(options)
  const trustedKeys = trustedKeysBeside(privateKey)
  const passphrase = await newPassphrase(options, io)
  await makeFolder(dirname(privateKey))
  const key = await withLedger(options.ledger ?? ledgerBeside(privateKey), io, async (ledger) => {
    const made = await stageNewKey({ alg, use, keyId: kid }, () => privateKey, passphrase)
    const keySet = await stageKeySet(trustedKeys, (keys) => [...keys, made.key.publicJwk]).catch(async (error) => {
      await made.staged.discard()
      throw error
    })
    const encrypted = passphrase !== undefined
    const entry = { kind: 'key', keyId: made.key.keyId, alg, use, encrypted, file: privateKey } as const
    await ledger.record([entry], made.staged, keySet)
    return made.key
  })
  const result = { keyId: key.keyId, alg, use, encrypted: passphrase !== undefined, privateKey, trustedKeys }
  print(io, options.output, result, () =>
    properties([
      ['KEY', key.keyId],
      ['ALGORITHM', alg],
      ['USE', use],
      ['PRIVATE KEY', privateKey],
      ['TRUSTED KEYS', trustedKeys],
    ]),
  )
  io.stderr(`Keep the private key secret; whoever has it can ${POWERS[use]}.\n`)
  if (use === 'license') {
    io.stderr(
      `Next: cto vendor issue --key ${privateKey} --plan <plan> --organization <name> --days 365 --out <file>\n`,
    )
  }
}

async function placeFor(options: KeygenOptions): Promise<string> {
  const { out, use } = options
  const isFolder = await stat(out).then(
    (found) => found.isDirectory(),
    () => !['.json', '.pem'].includes(extname(out)),
  )
  if (isFolder) return join(out, privateKeyName(use, options))
  demandExtension(out, options)
  return out
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    throw new CliError(`cannot make the folder ${path}: ${fileProblem(error)}`)
  }
}
