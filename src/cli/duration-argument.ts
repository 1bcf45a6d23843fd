// A length of time on the command line: `24h`, `90m`, `30s`.

import { InvalidArgumentError, Option } from 'commander'
import { HOUR, MINUTE, SECOND } from '../domain/time.ts'

/**
 * Reads a length of time, in ms.
 * @throws InvalidArgumentError, which commander reports as wrong usage
 */
export function durationArgument(text: string): number {
  const match = /^(\d{1,6})(h|m|s)$/.exec(text)
  if (match === null) throw new InvalidArgumentError('Write a number and a unit: 24h, 90m or 30s.')
  const unit = { h: HOUR, m: MINUTE, s: SECOND }[match[2] as 'h' | 'm' | 's']
  return Number(match[1]) * unit
}

/** How long a command waits for the operator. */
export function timeoutOption(ms: number, text: string): Option {
  return new Option('--timeout <duration>', 'how long to wait for the operator')
    .argParser(durationArgument)
    .default(ms, text)
}
