// Makes a key pair and stages its files: the private half for its owner only, and the set of trusted keys with the public
// half. Used for a first key and for one that follows another.

import { mkdir, readFile } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import type { SignatureAlgorithm } from '../../domain/license/signature.ts'
import type { KeyUse } from '../../domain/license/trusted-keys.ts'
import { type GeneratedKey, generateSigningKey } from '../../issuing/keys/keygen.ts'
import { encryptedKeyFile } from '../../issuing/keys/signing-key.ts'
import { EVERYBODY, OWNER_ONLY, type Staged, stageFile } from '../../files/staged.ts'
import { formatKeySet, parseKeySet, type PublicJwk } from '../../issuing/keys/trusted-set.ts'
import { fileProblem, problemOf, textIn } from '../input.ts'
import { CliError, EXIT, type Io } from '../../terminal/output.ts'
import { readPassphraseFile } from './key-option.ts'

export interface NewKeyOptions {
  readonly encrypt?: boolean
  readonly passphraseFile?: string
}

// Whoever has the file can try as many as he likes.
const SHORTEST_PASSPHRASE = 12

/** `private-key.json`, `revocation-key.pem`; `distinction` tells it from others for the same use. */
export function privateKeyName(use: KeyUse, options: NewKeyOptions, distinction = ''): string {
  return `${use === 'license' ? 'private' : use}-key${distinction}${extensionOf(options)}`
}

function extensionOf({ encrypt }: NewKeyOptions): '.pem' | '.json' {
  return encrypt === true ? '.pem' : '.json'
}

/** @throws CliError when the file is called like something that it is not */
export function demandExtension(path: string, options: NewKeyOptions): void {
  const extension = extensionOf(options)
  if (extname(path) === extension) return
  const what = options.encrypt === true ? 'an encrypted key' : 'a key that is not encrypted'
  throw new CliError(`${what} is a ${extension} file; call it so with --out`, EXIT.usage)
}

/** The pass phrase for a key that is to be made; undefined when it is not to be encrypted. @throws CliError */
export async function newPassphrase({ encrypt, passphraseFile }: NewKeyOptions, io: Io): Promise<string | undefined> {
  if (encrypt !== true) return undefined
  const passphrase = await askNewPassphrase(passphraseFile, io)
  if (passphrase.length >= SHORTEST_PASSPHRASE) return passphrase
  throw new CliError(`the pass phrase is too short: it needs at least ${SHORTEST_PASSPHRASE} characters`)
}

async function askNewPassphrase(file: string | undefined, io: Io): Promise<string> {
  if (file !== undefined) return readPassphraseFile(file, io)
  if (io.askSecret === undefined) {
    throw new CliError('nobody can be asked for a pass phrase here; give a file with it as --passphrase-file')
  }
  const passphrase = await io.askSecret('New pass phrase: ')
  if (passphrase === (await io.askSecret('The same again: '))) return passphrase
  throw new CliError('the two pass phrases are not the same')
}

/** A new key and the staged file of its private half. @throws CliError */
export async function stageNewKey(
  make: { readonly alg: SignatureAlgorithm; readonly use: KeyUse; readonly keyId?: string | undefined },
  placeFor: (keyId: string) => string,
  passphrase: string | undefined,
): Promise<{ key: GeneratedKey; path: string; staged: Staged }> {
  const key = await generateSigningKey(make)
  const path = placeFor(key.keyId)
  const content = passphrase === undefined ? toJson(key.privateJwk) : await encryptedKeyFile(key.privateJwk, passphrase)
  return { key, path, staged: await stage(path, content, { mode: OWNER_ONLY, replace: false }) }
}

/** The set with what `change` makes of its keys, staged. @throws CliError */
export async function stageKeySet(path: string, change: (keys: PublicJwk[]) => readonly PublicJwk[]): Promise<Staged> {
  const before = await readIfThere(path)
  let content: string
  try {
    content = formatKeySet(change(before === undefined ? [] : parseKeySet(before)))
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`the keys in ${path} cannot be changed: ${problemOf(error)}`)
  }
  return stage(path, content, { mode: EVERYBODY, replace: true })
}

async function stage(path: string, content: string, options: { mode: number; replace: boolean }): Promise<Staged> {
  try {
    await mkdir(dirname(path), { recursive: true })
    return await stageFile(path, content, options)
  } catch (error) {
    throw new CliError(`cannot write ${path}: ${fileProblem(error)}`)
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new CliError(`cannot read ${path}: ${fileProblem(error)}`)
  }
  return textIn(bytes, path)
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
