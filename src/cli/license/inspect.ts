// `cto license inspect`: everything that a license file says, and clearly whether anyone has verified it.

import { Command } from 'commander'
import { formatInstant, type Instant, wholeDaysBetween } from '../../domain/time.ts'
import { fromNumericDate, isPlausibleDate } from '../../domain/license/numeric-date.ts'
import { isJsonObject } from '../../domain/license/strict-json.ts'
import { decodeUnverified, type UnverifiedLicense } from '../../domain/license/unverified.ts'
import { amount } from '../../domain/text.ts'
import { dateArgument } from '../date-argument.ts'
import { problemOf, readInput } from '../input.ts'
import type { CatalogNames } from '../known-names.ts'
import { type Verification, verdictRows, verify } from './verify.ts'
import { CliError, type Format, formatOption, type Io, print, properties, styled } from '../../terminal/output.ts'
import { type PropertyRow, propertyRows } from '../../terminal/property-rows.ts'

const NOT_VERIFIED = 'Not verified: this is what the file says, not whether it is true (verify it with --trusted-keys)'

interface InspectOptions {
  readonly trustedKeys?: string
  readonly product: string
  readonly at?: Instant
  readonly output: Format
}

export function inspectCommand(io: Io, catalogs: readonly CatalogNames[]): Command {
  return new Command('inspect')
    .description('show everything that a license file says')
    .argument('<file>', 'the license file, or - for standard input')
    .option('--trusted-keys <file>', 'also verify it, with these public keys')
    .option('--product <name>', 'the product that the license must be for', catalogs[0]?.name ?? '')
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
}

function decode(bytes: Uint8Array): UnverifiedLicense {
  try {
    return decodeUnverified(bytes)
  } catch (error) {
    throw new CliError(problemOf(error))
  }
}

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
): PropertyRow[] {
  const end = endOf(license)
  const verdict: PropertyRow[] =
    verification === undefined ? [['VERDICT', styled('yellow', NOT_VERIFIED)]] : verdictRows(verification)
  const ends: PropertyRow[] = end === undefined ? [] : [['ENDS', `${formatInstant(end)}, ${daysFrom(now, end)}`]]
  return [
    ...verdict,
    ['FORM', license.form],
    ...ends,
    ...propertyRows(license.header, 'header'),
    ...propertyRows(license.claims, 'claims', showDate),
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

const NUMERIC_DATES = new Set(['claims.iat', 'claims.nbf', 'claims.exp', 'claims.hard_exp'])

function showDate(path: string, value: unknown): string | undefined {
  if (!NUMERIC_DATES.has(path) || typeof value !== 'number' || !isPlausibleDate(value)) return undefined
  return `${value} (${formatInstant(fromNumericDate(value))})`
}
