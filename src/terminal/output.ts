// How every command speaks: results on stdout as a table, JSON or YAML, chatter on stderr, and what an exit code means.

import { stripVTControlCharacters, styleText } from 'node:util'
import { Option } from 'commander'
import { Document, Scalar, visit } from 'yaml'

/** What a command needs of the process that it runs in. */
export interface Io {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** All of standard input. */
  readonly stdin: () => Promise<Uint8Array>
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
  /** What makes this process run other code than ours; where it is set, no signature is verified. */
  readonly foreignCode?: string
  /** Asks a person for something that is not shown while it is typed. Absent: nobody sits at a terminal. */
  readonly askSecret?: (question: string) => Promise<string>
}

export const EXIT = { ok: 0, error: 1, usage: 2, failedCheck: 3, warning: 4 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends a command. The message goes to stderr as one sentence; an empty one means that the output has said it all. */
export class CliError extends Error {
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode = EXIT.error) {
    super(message)
    this.name = 'CliError'
    this.exitCode = exitCode
  }
}

export const FORMATS = ['table', 'json', 'yaml'] as const
export type Format = (typeof FORMATS)[number]

export function formatOption(): Option {
  return new Option('-o, --output <format>', 'how to print the result').choices(FORMATS).default('table')
}

/** Prints a result: for machines the whole value, for people the table. */
export function print(io: Io, format: Format, value: unknown, table: () => string): void {
  if (format === 'json') io.stdout(jsonOf(value))
  else if (format === 'yaml') io.stdout(yamlOf(value))
  else io.stdout(table())
}

/** What a terminal shows as nothing, or in another order than it stands there. */
const HIDDEN = /[\p{Cf}\p{Zl}\p{Zp}\u007F-\u009F]/gu

/** JSON with nothing hidden in it; whoever reads it gets the same value. */
export function jsonOf(value: unknown): string {
  const escaped = (text: string) =>
    Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')
  return `${JSON.stringify(value, undefined, 2).replace(HIDDEN, escaped)}\n`
}

/** The same as YAML: only double quotation marks know escapes. */
function yamlOf(value: unknown): string {
  const document = new Document(value)
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && node.value.search(HIDDEN) !== -1) node.type = Scalar.QUOTE_DOUBLE
    },
  })
  return document
    .toString()
    .replace(HIDDEN, (text) => `\\U${(text.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(8, '0')}`)
}

type Style = Parameters<typeof styleText>[0]

/** Styled on a terminal that wants colour; plain in a pipe, and when NO_COLOR is set. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

/** Rows of cells in aligned columns. Cells may be styled. */
export function columns(rows: readonly (readonly string[])[]): string {
  const width = (cell: string) => stripVTControlCharacters(cell).length
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell))
  }
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell))).join('   ')
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('')
}

/** One thing and its properties: a label and a value on each line. */
export function properties(rows: readonly (readonly [label: string, value: string])[]): string {
  return columns(rows.map(([label, value]) => [styled('bold', label), value]))
}

/** Rows under a title; nothing where there are none. */
export function section(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `\n${styled('bold', title)}\n${columns(rows.map((row) => ['', ...row]))}`
}

/** Text that comes from elsewhere, made harmless: nothing in it can move the cursor or turn the writing around. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })
}

/** The same of a text of several lines, which stay. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/** A message as a sentence of its own: with a capital letter. */
export function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1)
}
