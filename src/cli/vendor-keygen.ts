// `cto vendor keygen`: a new key pair. The private half is written once, for its owner only; the public half joins the
// set of trusted keys, so that licenses of the old key stay valid while the new one is brought in.

import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { Command, Option } from 'commander'
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../domain/license/signature.ts'
import { type KeyUse, parseTrustedKeys } from '../domain/license/trusted-keys.ts'
import { generateSigningKey } from '../vendor/keygen.ts'
import { fileProblem, problemOf } from './input.ts'
import { CliError, type Format, formatOption, type Io, print, properties } from './output.ts'

interface KeygenOptions {
  readonly out: string
  readonly alg: SignatureAlgorithm
  readonly kid?: string
  readonly use: KeyUse
  readonly output: Format
}

const OWNER_ONLY = 0o600

export function keygenCommand(io: Io): Command {
  return new Command('keygen')
    .description('make a key pair that signs licenses')
    .requiredOption('--out <path>', 'a folder, or the .json file for the private key')
    .addOption(new Option('--alg <alg>', 'the signature algorithm').choices(SIGNATURE_ALGORITHMS).default('EdDSA'))
    .option('--kid <id>', 'the ID of the key; by default it follows from the key')
    .addOption(
      new Option('--use <use>', 'what the key may sign')
        .choices(['license', 'revocation', 'heartbeat'])
        .default('license'),
    )
    .addOption(formatOption())
    .action((options: KeygenOptions) => keygen(io, options))
}

async function keygen(io: Io, options: KeygenOptions): Promise<void> {
  const key = await generateSigningKey({ alg: options.alg, use: options.use, keyId: options.kid })
  const { privateKey, trustedKeys } = await placesFor(options.out)
  // The public side first in memory: a private key is written only when its public half has a place.
  const keySet = addKey(await readIfThere(trustedKeys), key.publicJwk, trustedKeys)
  await write(privateKey, toJson(key.privateJwk), { mode: OWNER_ONLY, flag: 'wx' })
  await write(trustedKeys, toJson(keySet), {})
  const result = { keyId: key.keyId, alg: key.alg, use: key.use, privateKey, trustedKeys }
  print(io, options.output, result, () =>
    properties([
      ['KEY', key.keyId],
      ['ALGORITHM', key.alg],
      ['USE', key.use],
      ['PRIVATE KEY', privateKey],
      ['TRUSTED KEYS', trustedKeys],
    ]),
  )
  io.stderr('Keep the private key secret; whoever has it can make licenses.\n')
  if (key.use === 'license') {
    io.stderr(
      `Next: cto vendor issue --key ${privateKey} --plan <plan> --organization <name> --days 365 --out <file>\n`,
    )
  }
}

async function placesFor(out: string): Promise<{ privateKey: string; trustedKeys: string }> {
  const isFolder = await stat(out).then(
    (found) => found.isDirectory(),
    () => extname(out) !== '.json',
  )
  const folder = isFolder ? out : dirname(out)
  return { privateKey: isFolder ? join(out, 'private-key.json') : out, trustedKeys: join(folder, 'trusted-keys.json') }
}

function addKey(existing: string | undefined, publicJwk: object, path: string): { keys: unknown[] } {
  try {
    if (existing !== undefined) parseTrustedKeys(existing)
    const before: { keys: unknown[] } = existing === undefined ? { keys: [] } : JSON.parse(existing)
    const keySet = { keys: [...before.keys, publicJwk] }
    parseTrustedKeys(JSON.stringify(keySet))
    return keySet
  } catch (error) {
    throw new CliError(`the key cannot be added to ${path}: ${problemOf(error)}`)
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new CliError(`cannot read ${path}: ${fileProblem(error)}`)
  }
}

async function write(path: string, content: string, options: { mode?: number; flag?: string }): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content, options)
  } catch (error) {
    throw new CliError(`cannot write ${path}: ${fileProblem(error)}`)
  }
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
