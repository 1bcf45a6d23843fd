// Many orders at once, from a spreadsheet saved as CSV: a header, then one license in each row. A column is called as the
// option is; what a row leaves empty comes from the options of the command.

import { InvalidArgumentError } from 'commander'
import { type CsvRecord, parseCsv } from '../../issuing/csv.ts'
import { dateArgument } from '../date-argument.ts'
import { unknownName } from '../known-names.ts'
import {
  countArgument,
  endArgument,
  fieldsArgument,
  formArgument,
  limitArgument,
  limitsArgument,
  positiveArgument,
} from './order-arguments.ts'
import type { OrderOptions } from './order-options.ts'

export interface SheetRow {
  /** The line in the file, from 1. */
  readonly line: number
  readonly options: OrderOptions
  /** What the file of the license is called; absent: after the organization and the license. */
  readonly file?: string
  /** One sentence without a full stop each. */
  readonly problems: readonly string[]
}

type Cells = OrderOptions & { readonly file?: string }

/** What each column means. Where one cell can have several things, they are separated by spaces. */
const COLUMNS: Readonly<Record<string, (text: string) => Cells>> = {
  organization: (organization) => ({ organization }),
  plan: (plan) => ({ plan }),
  expires: (text) => ({ expires: endArgument(text) }),
  days: (text) => ({ days: positiveArgument(text) }),
  'not-before': (text) => ({ notBefore: dateArgument(text) }),
  'hard-end': (text) => ({ hardEnd: endArgument(text) }),
  id: (id) => ({ id }),
  issuer: (issuer) => ({ issuer }),
  limits: (text) => ({ limit: words(text).reduce((limits, word) => limitsArgument(word, limits), {}) }),
  'max-nodes': (text) => ({ maxNodes: limitArgument(text) }),
  'max-agents': (text) => ({ maxAgents: limitArgument(text) }),
  features: (text) => ({ feature: words(text) }),
  addons: (text) => ({ addon: words(text) }),
  'cluster-uid': (clusterUid) => ({ clusterUid }),
  'cluster-types': (text) => ({ clusterType: words(text) }),
  serial: (text) => ({ serial: countArgument(text) }),
  supersedes: (text) => ({ supersedes: words(text) }),
  'revocation-notice': (text) => ({ revocationNotice: countArgument(text) }),
  form: (text) => ({ form: formArgument(text) }),
  file: (file) => ({ file: fileName(file) }),
}
export const COLUMN_NAMES = Object.keys(COLUMNS)
/** A column `custom-field:order` is the custom field `order`. */
const CUSTOM_FIELD = /^custom-field:(.+)$/

/**
 * Reads the sheet.
 * @param defaults what holds for every row that does not say otherwise
 * @throws Error with one sentence, without a full stop, when no row can be understood
 */
export function readSheet(text: string, defaults: OrderOptions): SheetRow[] {
  const [header, ...records] = parseCsv(text)
  if (header === undefined) throw new Error('the file is empty; its first line must name the columns')
  const columns = header.cells.map(columnName)
  const problem = headerProblem(columns)
  if (problem !== undefined) throw new Error(`line ${header.line}: ${problem}`)
  if (records.length === 0) throw new Error('the file has no rows')
  return records.map((record) => readRow(record, columns, defaults))
}

/** `Not before` and `not_before` are `not-before`; the name of a custom field is the vendor's own. */
function columnName(cell: string): string {
  const name = cell.trim()
  return CUSTOM_FIELD.test(name) ? name : name.toLowerCase().replaceAll(/[_ ]/g, '-')
}

function headerProblem(columns: readonly string[]): string | undefined {
  const again = columns.find((name, index) => columns.indexOf(name) < index)
  if (again !== undefined) return `two columns are called "${again}"`
  const unknown = columns.find((name) => !COLUMN_NAMES.includes(name) && !CUSTOM_FIELD.test(name))
  return unknown === undefined ? undefined : unknownName('column', unknown, COLUMN_NAMES)
}

function readRow({ line, cells }: CsvRecord, columns: readonly string[], defaults: OrderOptions): SheetRow {
  if (cells.length !== columns.length) {
    const problem = `the row has ${cells.length} cells, and the header ${columns.length}`
    return { line, options: defaults, problems: [problem] }
  }
  const problems: string[] = []
  const own: Cells = {}
  for (const [index, column] of columns.entries()) {
    const text = cells[index] ?? ''
    if (text === '') continue
    try {
      Object.assign(own, readCell(column, text, own))
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error
      problems.push(`${column}: "${text}" is not understood; ${asEnd(error.message)}`)
    }
  }
  if (own.expires !== undefined && own.days !== undefined)
    problems.push('the row has both expires and days; leave one out')
  const { file, ...options } = { ...withoutOtherEnd(defaults, own), ...own }
  return { line, options, problems, ...(file === undefined ? {} : { file }) }
}

function readCell(column: string, text: string, before: Cells): Cells {
  const field = CUSTOM_FIELD.exec(column)?.[1]
  if (field !== undefined) return { customField: fieldsArgument(`${field}=${text}`, before.customField) }
  return COLUMNS[column]?.(text) ?? {}
}

/** A row that says when its license ends does so in its own way. */
function withoutOtherEnd(defaults: OrderOptions, own: Cells): OrderOptions {
  if (own.expires === undefined && own.days === undefined) return defaults
  const { expires: _, days: __, ...others } = defaults
  return others
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

function fileName(text: string): string {
  if (/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,126}$/u.test(text)) return text
  throw new InvalidArgumentError('Write the name of a file, without a folder.')
}

/** `Write a number.` → `write a number`, to go on in a sentence. */
function asEnd(message: string): string {
  return `${message.charAt(0).toLowerCase()}${message.slice(1)}`.replace(/\.$/, '')
}
