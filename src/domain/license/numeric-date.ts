// Dates as JWTs write them (RFC 7519 NumericDate): whole seconds, in a range that catches milliseconds and typing errors.

import * as z from 'zod'
import { type Instant, SECOND } from '../time.ts'

const EARLIEST = Date.UTC(2020, 0, 1) / SECOND
const LATEST = Date.UTC(2100, 0, 1) / SECOND

/** Whether a number can be the date of a license: whole seconds from 2020 up to, but not in, 2100. */
export function isPlausibleDate(seconds: number): boolean {
  return Number.isSafeInteger(seconds) && seconds >= EARLIEST && seconds < LATEST
}

export const NUMERIC_DATE = z
  .number()
  .refine(isPlausibleDate, 'must be whole seconds since 1970, between 2020 and 2100')

export function fromNumericDate(seconds: number): Instant {
  return seconds * SECOND
}

export function toNumericDate(instant: Instant): number {
  return Math.floor(instant / SECOND)
}
