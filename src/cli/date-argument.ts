// A date on the command line: RFC 3339, or a day, which begins at midnight UTC.

import { InvalidArgumentError } from 'commander'
import * as z from 'zod'
import type { Instant } from '../domain/time.ts'
import { fromNumericDate, toNumericDate } from '../domain/license/numeric-date.ts'

const date = z.union([z.iso.date(), z.iso.datetime({ offset: true })])

/**
 * Reads a date to the second.
 * @throws InvalidArgumentError, which commander reports as wrong usage
 */
export function dateArgument(text: string): Instant {
  const parsed = date.safeParse(text)
  if (!parsed.success) throw new InvalidArgumentError('Write 2027-01-31 or 2027-01-31T08:00:00Z.')
  return fromNumericDate(toNumericDate(Date.parse(parsed.data)))
}
