// `cto vendor keys rotate`: a new key beside an old one, for as long as both are needed. What the old key signed is believed
// only until its period ends, so whatever runs longer has to be issued again.

import { dirname, join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { DAY, formatInstant, type Instant } from '../../domain/time.ts'
import { fromNumericDate, toNumericDate } from '../../domain/license/numeric-date.ts'
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../../domain/license/signature.ts'
import type { KeyUse, TrustedKey } from '../../domain/license/trusted-keys.ts'
import { amount } from '../../domain/text.ts'
import type { LicenseEntry } from '../../issuing/ledger-entry.ts'
import { type Ledger } from '../../issuing/ledger.ts'
import { standings } from '../../issuing/license-history.ts'
import type { PublicJwk } from '../../issuing/keys/trusted-set.ts'
import { readTrustedKeys } from '../input.ts'
import { unknownName } from '../known-names.ts'
import {
  CliError,
  EXIT,
  type Format,
  formatOption,
  type Io,
  print,
  properties,
  section,
} from '../../terminal/output.ts'
import { addPassphraseOption } from './key-option.ts'
import { addLedgerOption, ledgerBeside, type LedgerOptions, withLedger } from './ledger-file.ts'
import {
  demandExtension,
  newPassphrase,
  type NewKeyOptions,
  privateKeyName,
  stageKeySet,
  stageNewKey,
} from './new-key.ts'

interface RotateOptions extends NewKeyOptions, LedgerOptions {
  readonly keys: string
  readonly key: string
  readonly alg?: SignatureAlgorithm
  readonly overlap: number
  readonly out?: string
  readonly output: Format
}

/** What else the old key has signed, and has to be signed by the new one before the old one ends. */
const SIGN_AGAIN: Readonly<Record<KeyUse, string>> = {
  license: '',
  revocation: 'Then sign the revocation list with the new key: cto vendor revoke --key <new key> --list <file>\n',
  catalog: 'Then sign every catalog with the new key: cto vendor catalog sign --key <new key> <catalog> --out <file>\n',
  heartbeat: '',
}

export function rotateCommand(io: Io): Command {
  const command = new Command('rotate')
    .description('make a key that follows another one, and say until when that one may be used')
    .requiredOption('--keys <file>', 'the set of public keys')
    .requiredOption('--key <id>', 'the ID of the key that is followed; its private half is not needed')
    .requiredOption('--overlap <days>', 'how long both may be used, such as 90d; 0d ends the old key at once', overlap)
    .addOption(
      new Option('--alg <alg>', 'the algorithm of the new key; by default as before').choices(SIGNATURE_ALGORITHMS),
    )
    .option('--out <file>', 'the private key; by default a file named after the new key, beside the set')
    .option('--encrypt', 'encrypt the private key with a pass phrase')
  return addLedgerOption(addPassphraseOption(command))
    .addOption(formatOption())
    .action((options: RotateOptions) => rotate(io, options))
}

async function rotate(io: Io, options: RotateOptions): Promise<void> {
  const now = fromNumericDate(toNumericDate(io.now()))
  const old = await followedKey(options, io, now)
  const endsAt = Math.min(now + options.overlap, old.expiresAt ?? Number.POSITIVE_INFINITY)
  const passphrase = await newPassphrase(options, io)
  const { alg = old.publicKey.alg, keys } = options
  await withLedger(options.ledger ?? ledgerBeside(keys), io, async (ledger) => {
    const { key, path, staged } = await stageNewKey({ alg, use: old.use }, placeFor(old.use, options), passphrase)
    const { keyId } = key
    const keySet = await stageKeySet(keys, (set) => rotated(set, options.key, endsAt, key.publicJwk, now)).catch(
      async (error) => {
        await staged.discard()
        throw error
      },
    )
    const replaces = { keyId: options.key, endsAt }
    const encrypted = passphrase !== undefined
    await ledger.record([{ kind: 'key', keyId, alg, use: old.use, encrypted, file: path, replaces }], staged, keySet)
    report(io, options, {
      keyId,
      use: old.use,
      privateKey: path,
      endsAt,
      outlived: outlived(ledger, options.key, endsAt, now),
    })
  })
}

/** @throws CliError when there is no such key, or nothing of it is left to follow */
async function followedKey({ keys, key }: RotateOptions, io: Io, now: Instant): Promise<TrustedKey> {
  const set = await readTrustedKeys(keys, io)
  const old = set.get(key)
  if (old === undefined) throw new CliError(unknownName('key', key, [...set.keys()]) ?? '', EXIT.usage)
  if (old.expiresAt === undefined || old.expiresAt > now) return old
  const ended = `key ${key} ended on ${formatInstant(old.expiresAt)}`
  throw new CliError(`${ended}; make a new one with cto vendor keygen --use ${old.use}`)
}

function placeFor(use: KeyUse, options: RotateOptions): (keyId: string) => string {
  const { keys, out } = options
  if (out === undefined) return (keyId) => join(dirname(keys), privateKeyName(use, options, `-${keyId}`))
  demandExtension(out, options)
  return () => out
}

function rotated(
  set: readonly PublicJwk[],
  old: string,
  endsAt: Instant,
  publicJwk: PublicJwk,
  now: Instant,
): PublicJwk[] {
  return set.flatMap((jwk) =>
    jwk['kid'] === old
      ? [
          { ...jwk, exp: toNumericDate(endsAt) },
          { ...publicJwk, ...issuerOf(jwk), nbf: toNumericDate(now) },
        ]
      : [jwk],
  )
}

/** A key that may speak for one issuer only is followed by one that may not do more. */
function issuerOf({ iss }: PublicJwk): PublicJwk {
  return iss === undefined ? {} : { iss }
}

/** The licenses of the key that somebody relies on, and that would end with it. */
function outlived(ledger: Ledger, keyId: string, endsAt: Instant, now: Instant): LicenseEntry[] {
  return [...standings(ledger, now)]
    .filter(([license, { kind }]) => license.keyId === keyId && (kind === 'in-force' || kind === 'future'))
    .map(([license]) => license)
    .filter((license) => license.expiresAt > endsAt)
}

interface Rotation {
  readonly keyId: string
  readonly use: KeyUse
  readonly privateKey: string
  readonly endsAt: Instant
  readonly outlived: readonly LicenseEntry[]
}

function report(io: Io, { key, keys, output }: RotateOptions, rotation: Rotation): void {
  const { keyId, use, privateKey, outlived } = rotation
  const endsAt = formatInstant(rotation.endsAt)
  const toIssueAgain = outlived.map(({ licenseId, organization, plan, expiresAt }) => {
    return { licenseId, organization, plan, expiresAt: formatInstant(expiresAt) }
  })
  print(
    io,
    output,
    { keyId, use, privateKey, trustedKeys: keys, follows: { keyId: key, endsAt }, toIssueAgain },
    () => {
      const rows = toIssueAgain.map((one) => [one.licenseId, one.organization, one.plan, one.expiresAt])
      const title = `TO ISSUE AGAIN WITH THE NEW KEY BEFORE ${endsAt}`
      return [
        properties([
          ['NEW KEY', keyId],
          ['PRIVATE KEY', privateKey],
          ['OLD KEY', `${key}, until ${endsAt}`],
          ['TRUSTED KEYS', keys],
        ]),
        section(title, rows),
      ].join('')
    },
  )
  io.stderr(
    `Customers need ${keys} before the first license of the new key: it comes with the image, or with its mount.\n`,
  )
  if (outlived.length > 0) {
    io.stderr(`${amount(outlived.length, 'license')} of the old key must be issued again before it ends.\n`)
  }
  io.stderr(SIGN_AGAIN[use])
}

/** Reads `90d`, in ms. */
function overlap(text: string): number {
  const days = /^(\d{1,4})d$/.exec(text)?.[1]
  if (days === undefined) throw new InvalidArgumentError('Write a number of days, such as 90d.')
  return Number(days) * DAY
}
