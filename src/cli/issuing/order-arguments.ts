// What can be said about a license, on the command line or in a cell of a spreadsheet: text in, value out. Each throws
// InvalidArgumentError with what to write instead.

import { InvalidArgumentError } from 'commander'
import { UNLIMITED } from '../../domain/limits.ts'
import { type EndDate, endDate } from '../../issuing/end-date.ts'
import { dateArgument } from '../date-argument.ts'

export const FORMS = ['jws', 'json', 'jwt'] as const
export type FormName = (typeof FORMS)[number]

export function endArgument(text: string): EndDate {
  return endDate(text, dateArgument(text))
}

export function positiveArgument(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1 up.')
  return Number(text)
}

export function countArgument(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 0 up.')
  return Number(text)
}

export function limitArgument(text: string): number {
  if (!/^(-1|\d{1,10})$/.test(text)) {
    throw new InvalidArgumentError(`Write a whole number from 0 up, or ${UNLIMITED} for unlimited.`)
  }
  return Number(text)
}

/** `nodes=10`, beside those before it. */
export function limitsArgument(text: string, before: Readonly<Record<string, number>> = {}): Record<string, number> {
  const [axis, count] = pairOf(text, 'Write the limit and its number, such as nodes=10.')
  if (Object.hasOwn(before, axis)) throw new InvalidArgumentError(`The limit ${axis} is named twice.`)
  return { ...before, [axis]: limitArgument(count) }
}

/** `account_manager=Jane Doe`, beside those before it. */
export function fieldsArgument(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [name, value] = pairOf(text, 'Write a name and a text, such as order=PO-4711.')
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`The field ${name} is named twice.`)
  return { ...before, [name]: value }
}

function pairOf(text: string, help: string): [name: string, value: string] {
  const match = /^([A-Za-z][\w-]*)=(.+)$/s.exec(text)
  if (match === null) throw new InvalidArgumentError(help)
  const [, name = '', value = ''] = match
  return [name, value]
}

export function formArgument(text: string): FormName {
  const form = FORMS.find((one) => one === text)
  if (form === undefined) throw new InvalidArgumentError(`Write one of ${FORMS.join(', ')}.`)
  return form
}

export function collect(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name]
}
