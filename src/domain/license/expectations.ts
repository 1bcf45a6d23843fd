// What every license must fit, whatever its form: a key in its period, the product, possible dates, a known plan.

import { formatInstant, type Instant, MINUTE } from '../instant.ts'
import { list } from '../words.ts'
import { fromNumericDate, isPlausibleDate } from './numeric-date.ts'
import { Rejection } from './rejection.ts'
import { isUsableAt, type TrustedKey } from './trusted-keys.ts'

export interface Expectations {
  /** The product that the license must be for: the name of a catalog. */
  readonly product: string
  /** The plans that the product has. */
  readonly plans: readonly string[]
  /** Decides whether the key may be used and whether the license was issued in the future; not whether it has expired. */
  readonly now: Instant
}

/** How far the vendor's clock may be ahead of ours. */
const CLOCK_SKEW = 5 * MINUTE

/** @throws Rejection */
export function checkKeyPeriod(key: TrustedKey, now: Instant): void {
  if (!isUsableAt(key, now)) {
    throw new Rejection(
      'KeyNotValidNow',
      `the license is signed with key ${key.keyId}, outside the period in which that key may be used`,
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

/**
 * @param dates NumericDates, by their names in a JWT
 * @throws Rejection
 */
export function checkDates(dates: { iat: number; nbf?: number | undefined; exp: number }, now: Instant): void {
  const { iat, nbf, exp } = dates
  for (const [name, seconds] of Object.entries({ iat, nbf, exp })) {
    if (seconds !== undefined && !isPlausibleDate(seconds)) {
      throw new Rejection(
        'DateOutOfRange',
        `the date ${name} of the license must be in whole seconds since 1970 and lie between 2020 and 2100`,
      )
    }
  }
  if (nbf !== undefined && nbf > exp) {
    const [begin, end] = [formatInstant(fromNumericDate(nbf)), formatInstant(fromNumericDate(exp))]
    throw new Rejection('DateOutOfRange', `the license would end (${end}) before it begins (${begin})`)
  }
  if (fromNumericDate(iat) > now + CLOCK_SKEW) {
    const issued = formatInstant(fromNumericDate(iat))
    throw new Rejection('DateOutOfRange', `the license was issued in the future (${issued}): is the clock here right?`)
  }
}
