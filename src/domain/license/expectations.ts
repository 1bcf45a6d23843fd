// What every license must fit, whatever its form: a key in its period, the product, possible dates, a known plan.

import { formatInstant, type Instant, MINUTE } from '../time.ts'
import { list } from '../text.ts'
import { fromNumericDate, isPlausibleDate } from './numeric-date.ts'
import { Rejection } from './rejection.ts'
import { isUsableAt, type TrustedKey } from './trusted-keys.ts'

export interface Expectations {
  /** The product that the license must be for: the name of a catalog. */
  readonly product: string
  /** The plans that the product has. */
  readonly plans: readonly string[]
  /** How the product's own plain JWTs are read; absent: it has none. */
  readonly jwt?: JwtProfile | undefined
  /** Decides whether the key may be used and whether the license was issued in the future; not whether it has expired. */
  readonly now: Instant
}

/** What a product's licenses look like that are plain JWTs, of its own making. */
export interface JwtProfile {
  /** The only issuer (`iss`) that is believed. */
  readonly issuer: string
  /** The claims under `entitlements` that are limits, and the axis that each of them limits. */
  readonly limits: Readonly<Record<string, string>>
}

/** How far the vendor's clock may be ahead of ours. */
const CLOCK_SKEW = 5 * MINUTE

/** @throws Rejection */
export function checkKeyPeriod(key: TrustedKey, now: Instant, noun = 'license'): void {
  if (!isUsableAt(key, now)) {
    throw new Rejection(
      'KeyNotValidNow',
      `the ${noun} is signed with key ${key.keyId}, outside the period in which that key may be used`,
    )
  }
}

/** @throws Rejection */
export function checkProduct(product: string, expected: Expectations): void {
  if (product !== expected.product) {
    throw new Rejection('WrongProduct', `the license is for the product ${product}, not for ${expected.product}`)
  }
}

/** @throws Rejection */
export function checkPlan(plan: string, expected: Expectations): void {
  if (!expected.plans.includes(plan)) {
    throw new Rejection(
      'UnknownPlan',
      `the license is for the plan ${plan}, which is not known here; known are ${list(expected.plans)}`,
    )
  }
}

/** The dates of a license as NumericDates, by the names of their claims. */
export interface LicenseDates {
  readonly iat: number
  readonly nbf?: number | undefined
  readonly exp: number
  readonly hard_exp?: number | undefined
}

/** @throws Rejection */
export function checkDates(dates: LicenseDates, now: Instant): void {
  const { iat, nbf, exp, hard_exp } = dates
  for (const [name, seconds] of Object.entries({ iat, nbf, exp, hard_exp })) {
    if (seconds !== undefined && !isPlausibleDate(seconds)) throw implausibleDate(name, 'license')
  }
  if (hard_exp !== undefined && hard_exp < exp) {
    const [hard, end] = [formatInstant(fromNumericDate(hard_exp)), formatInstant(fromNumericDate(exp))]
    throw new Rejection('DateOutOfRange', `the hard end of the license (${hard}) would lie before its end (${end})`)
  }
  if (nbf !== undefined && nbf > exp) {
    const [begin, end] = [formatInstant(fromNumericDate(nbf)), formatInstant(fromNumericDate(exp))]
    throw new Rejection('DateOutOfRange', `the license would end (${end}) before it begins (${begin})`)
  }
  checkIssued(fromNumericDate(iat), now, 'license')
}

/** @throws Rejection */
export function checkIssued(issuedAt: Instant, now: Instant, noun: string): void {
  if (issuedAt > now + CLOCK_SKEW) {
    const issued = formatInstant(issuedAt)
    throw new Rejection('DateOutOfRange', `the ${noun} was issued in the future (${issued}): is the clock here right?`)
  }
}

export function implausibleDate(name: string, noun: string): Rejection {
  const latest = name === 'exp' || name === 'hard_exp' ? '; the last day can be 2099-12-30 at the latest' : ''
  return new Rejection(
    'DateOutOfRange',
    `the date ${name} of the ${noun} must be in whole seconds since 1970 and lie between 2020 and 2100${latest}`,
  )
}
