// `cto license verify`: the verdict on a license file, as far as it can be given without the cluster.

import { Command } from 'commander'
import { formatInstant, type Instant } from '../../domain/time.ts'
import { UNLIMITED } from '../../domain/limits.ts'
import { type LicenseClaims } from '../../domain/license/claims.ts'
import { readLicense } from '../../domain/license/read-license.ts'
import { validityAt } from '../../domain/license/validity.ts'
import type { Reason, Verdict } from '../../domain/entitlement/reasons.ts'
import { dateArgument } from '../date-argument.ts'
import { readInput, readTrustedKeys, TRUSTED_KEYS_FILE } from '../input.ts'
import { type CatalogNames, unknownName } from '../known-names.ts'
import {
  CliError,
  EXIT,
  type Format,
  formatOption,
  type Io,
  print,
  properties,
  sentence,
  styled,
} from '../../terminal/output.ts'
import { type PropertyRow, propertyRows } from '../../terminal/property-rows.ts'

/** The result of `verify`. Claims are there whenever the license is authentic, in force or not. */
export interface Verification {
  /** `Future`: it is authentic and begins later. */
  readonly verdict: Verdict | 'Future'
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

export function verifyCommand(io: Io, catalogs: readonly CatalogNames[]): Command {
  return new Command('verify')
    .description('say whether a license is authentic and in force; exit 3 when it is not, and 4 when it begins later')
    .argument('<file>', 'the license file, or - for standard input')
    .option('--trusted-keys <file>', "the vendor's public keys, a JWK Set", TRUSTED_KEYS_FILE)
    .option('--product <name>', 'the product that the license must be for', catalogs[0]?.name ?? '')
    .option('--at <date>', 'the time to judge it at, instead of now', dateArgument)
    .addOption(formatOption())
    .action(async (file: string, options: VerifyOptions) => {
      const verification = await verify(io, catalogs, await readInput(file, io), options)
      print(io, options.output, verification, () =>
        properties([...verdictRows(verification), ...propertyRows(verification.claims, '', showLimit)]),
      )
      if (verification.verdict === 'Future') throw new CliError('', EXIT.warning)
      if (verification.verdict !== 'Valid') throw new CliError('', EXIT.failedCheck)
    })
}

/** @throws CliError when the product or the trusted keys cannot be had; whatever is wrong with the license is a result. */
export async function verify(
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
  const read = await readLicense(file, { keys, product: catalog.name, plans: catalog.plans, jwt: catalog.jwt, now })
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
    return { verdict: 'Future', reason: 'NotYetValid', message }
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
  const { issuedAt, notBefore, expiresAt, hardEndsAt, ...rest } = claims
  return {
    ...rest,
    keyId,
    issuedAt: formatInstant(issuedAt),
    ...(notBefore === undefined ? {} : { notBefore: formatInstant(notBefore) }),
    expiresAt: formatInstant(expiresAt),
    ...(hardEndsAt === undefined ? {} : { hardEndsAt: formatInstant(hardEndsAt) }),
  }
}

const COLOURS: Readonly<Record<string, 'green' | 'yellow'>> = { Valid: 'green', Future: 'yellow' }

export function verdictRows({ verdict, reason, message }: Verification): PropertyRow[] {
  return [
    ['VERDICT', styled(COLOURS[verdict] ?? 'red', verdict)],
    ['REASON', reason],
    ['MESSAGE', message],
  ]
}

function showLimit(path: string, value: unknown): string | undefined {
  return path.startsWith('limits.') && value === UNLIMITED ? 'unlimited' : undefined
}
