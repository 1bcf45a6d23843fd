// Any value as rows of a table: each property with its path. Nothing in it can play tricks on a terminal.

import { isJsonObject } from '../domain/license/strict-json.ts'
import { printable } from './output.ts'

export type PropertyRow = readonly [path: string, text: string]

/**
 * One row for each plain value, such as `entitlements.tier` and `team`.
 * @param show how to write a value; without an answer it is written as it is
 */
export function propertyRows(
  value: unknown,
  path = '',
  show: (path: string, value: unknown) => string | undefined = () => undefined,
): PropertyRow[] {
  if (value === undefined) return []
  if (!isJsonObject(value)) return [[printable(path), show(path, value) ?? asText(value)]]
  const prefix = path === '' ? '' : `${path}.`
  return Object.entries(value).flatMap(([name, member]) => propertyRows(member, `${prefix}${name}`, show))
}

function asText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((item) => asText(item)).join(', ')
  return printable(typeof value === 'string' ? value : JSON.stringify(value))
}
