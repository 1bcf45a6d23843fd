// `cto license verify|inspect`: what a license file is worth, and what it says.

import { Command } from 'commander'
import { formatInstant, type Instant, wholeDaysBetween } from '../domain/instant.ts'
import { type LicenseClaims, UNLIMITED } from '../domain/license/claims.ts'
import { fromNumericDate, isPlausibleDate } from '../domain/license/numeric-date.ts'
import { readLicense } from '../domain/license/read-license.ts'
import { isJsonObject } from '../domain/license/strict-json.ts'
import { decodeUnverified, type UnverifiedLicense } from '../domain/license/unverified.ts'
import { validityAt } from '../domain/license/validity.ts'
import type { Reason, Verdict } from '../domain/reasons.ts'
import { amount } from '../domain/words.ts'
import { dateArgument } from './date-argument.ts'
import { problemOf, readInput, readTrustedKeys, TRUSTED_KEYS_FILE } from './input.ts'
import { type CatalogNames, unknownName } from './known-names.ts'
import {
  CliError,
  EXIT,
  type Format,
  formatOption,
  type Io,
  print,
  printable,
  properties,
  sentence,
  styled,
} from './output.ts'

/** The result of `verify`. Claims are there whenever the license is authentic, in force or not. */
interface Verification {
  readonly verdict: Verdict
  readonly reason: Reason
  readonly message: string
  readonly claims?: ReturnType<typeof claimsForPeople>
}

interface VerifyOptions {
  readonly trustedKeys: string
  readonly product: string
  readonly at?: Instant
  readonly output: Format
}

interface InspectOptions {
  readonly trustedKeys?: string
  readonly product: string
  readonly at?: Instant
  readonly output: Format
}

/** @param catalogs the products whose licenses can be read; the first one is the default */
export function licenseCommand(io: Io, catalogs: readonly CatalogNames[]): Command {
  const product = catalogs[0]?.name ?? ''
  const command = new Command('license').description('verify or look into a license file')
  command
    .command('verify')
    .description('say whether a license is authentic and in force; exit 3 when it is not')
    .argument('<file>', 'the license file, or - for standard input')
    .option('--trusted-keys <file>', "the vendor's public keys, a JWK Set", TRUSTED_KEYS_FILE)
    .option('--product <name>', 'the product that the license must be for', product)
    .option('--at <date>', 'the time to judge it at, instead of now', dateArgument)
    .addOption(formatOption())
    .action(async (file: string, options: VerifyOptions) => {
      const verification = await verify(io, catalogs, await readInput(file, io), options)
      print(io, options.output, verification, () => properties(verificationRows(verification)))
      if (verification.verdict !== 'Valid') throw new CliError('', EXIT.failedCheck)
    })
  command
    .command('inspect')
    .description('show everything that a license file says')
    .argument('<file>', 'the license file, or - for standard input')
    .option('--trusted-keys <file>', 'also verify it, with these public keys')
    .option('--product <name>', 'the product that the license must be for', product)
    .option('--at <date>', 'the time to judge it at, instead of now', dateArgument)
    .addOption(formatOption())
    .action(async (file: string, options: InspectOptions) => {
      const { trustedKeys } = options
      const bytes = await readInput(file, io)
      const license = decode(bytes)
      const verification =
        trustedKeys === undefined ? undefined : await verify(io, catalogs, bytes, { ...options, trustedKeys })
      const now = options.at ?? io.now()
      print(io, options.output, inspection(license, verification, now), () =>
        properties(inspectionRows(license, verification, now)),
      )
    })
  return command
}

async function verify(
  io: Io,
  catalogs: readonly CatalogNames[],
  file: Uint8Array,
  options: { readonly trustedKeys: string; readonly product: string; readonly at?: Instant },
): Promise<Verification> {
  const catalog = catalogs.find(({ name }) => name === options.product)
  if (catalog === undefined) {
    const products = catalogs.map(({ name }) => name)
    throw new CliError(unknownName('product', options.product, products) ?? '', EXIT.usage)
  }
  const keys = await readTrustedKeys(options.trustedKeys, io)
  const now = options.at ?? io.now()
  const read = await readLicense(file, { keys, product: catalog.name, plans: catalog.plans, now })
  if (read.kind === 'rejected') {
    return { verdict: 'InvalidSignature', reason: read.reason, message: sentence(read.message) }
  }
  return { ...judge(read.claims, read.keyId, now), claims: claimsForPeople(read.claims, read.keyId) }
}

function judge(
  claims: LicenseClaims,
  keyId: string,
  now: Instant,
): Pick<Verification, 'verdict' | 'reason' | 'message'> {
  const signed = `Signed by key ${keyId} for ${claims.organization}: ${sentence(claims.plan)} plan`
  const validity = validityAt(claims, now)
  if (validity.kind === 'future') {
    const message = `${signed} that begins on ${formatInstant(validity.startsAt)}`
    return { verdict: 'InvalidSignature', reason: 'NotYetValid', message }
  }
  if (validity.kind === 'expired') {
    return {
      verdict: 'Expired',
      reason: 'Expired',
      message: `${signed} that ended on ${formatInstant(validity.since)}`,
    }
  }
  return { verdict: 'Valid', reason: 'Valid', message: `${signed} until ${formatInstant(validity.until)}` }
}

function claimsForPeople(claims: LicenseClaims, keyId: string) {
  const { issuedAt, notBefore, expiresAt, ...rest } = claims
  return {
    ...rest,
    keyId,
    issuedAt: formatInstant(issuedAt),
    ...(notBefore === undefined ? {} : { notBefore: formatInstant(notBefore) }),
    expiresAt: formatInstant(expiresAt),
  }
}

function verificationRows({ verdict, reason, message, claims }: Verification): [string, string][] {
  return [
    ['VERDICT', styled(verdict === 'Valid' ? 'green' : 'red', verdict)],
    ['REASON', reason],
    ['MESSAGE', message],
    ...flatten(claims).map(([name, value]): [string, string] => [name, showProperty(name, value)]),
  ]
}

function showProperty(path: string, value: unknown): string {
  return path.startsWith('limits.') && value === UNLIMITED ? 'unlimited' : show(value)
}

function decode(bytes: Uint8Array): UnverifiedLicense {
  try {
    return withoutSignature(decodeUnverified(bytes))
  } catch (error) {
    throw new CliError(problemOf(error))
  }
}

function withoutSignature(license: UnverifiedLicense): UnverifiedLicense {
  if (!isJsonObject(license.claims)) return license
  const { signature: _, ...claims } = license.claims
  return license.form === 'cto-json' ? { ...license, claims } : license
}

const NOT_VERIFIED = 'Not verified: this is what the file says, not whether it is true (verify it with --trusted-keys)'

function inspection(license: UnverifiedLicense, verification: Verification | undefined, now: Instant) {
  const end = endOf(license)
  return {
    verification: verification ?? { verdict: 'NotVerified', message: NOT_VERIFIED },
    ...license,
    ...(end === undefined ? {} : { expiresAt: formatInstant(end), daysLeft: wholeDaysBetween(now, end) }),
  }
}

function inspectionRows(
  license: UnverifiedLicense,
  verification: Verification | undefined,
  now: Instant,
): [string, string][] {
  const end = endOf(license)
  const verdict: [string, string][] =
    verification === undefined
      ? [['VERDICT', styled('yellow', NOT_VERIFIED)]]
      : verificationRows(verification).slice(0, 3)
  return [
    ...verdict,
    ['FORM', license.form],
    ...(end === undefined ? [] : [['ENDS', `${formatInstant(end)}, ${daysFrom(now, end)}`] satisfies [string, string]]),
    ...flatten(license.header, 'header').map(([name, value]): [string, string] => [name, show(value)]),
    ...flatten(license.claims, 'claims').map(([name, value]): [string, string] => [name, showClaim(name, value)]),
  ]
}

function endOf({ claims }: UnverifiedLicense): Instant | undefined {
  if (!isJsonObject(claims)) return undefined
  const { exp, expires_at } = claims
  if (typeof exp === 'number' && isPlausibleDate(exp)) return fromNumericDate(exp)
  const end = typeof expires_at === 'string' ? Date.parse(expires_at) : Number.NaN
  return Number.isNaN(end) ? undefined : end
}

function daysFrom(now: Instant, end: Instant): string {
  if (end <= now) return `${amount(wholeDaysBetween(end, now), 'day')} ago`
  return `${amount(wholeDaysBetween(now, end), 'day')} left`
}

/** Every value with its path: `entitlements.tier`. A list of plain values is one. */
function flatten(value: unknown, path = ''): [path: string, value: unknown][] {
  if (!isJsonObject(value)) return value === undefined ? [] : [[path, value]]
  const prefix = path === '' ? '' : `${path}.`
  return Object.entries(value).flatMap(([name, member]) => flatten(member, `${prefix}${name}`))
}

const NUMERIC_DATES = new Set(['claims.iat', 'claims.nbf', 'claims.exp'])

function showClaim(path: string, value: unknown): string {
  if (!NUMERIC_DATES.has(path) || typeof value !== 'number' || !isPlausibleDate(value)) return show(value)
  return `${value} (${formatInstant(fromNumericDate(value))})`
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((item) => show(item)).join(', ')
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}
