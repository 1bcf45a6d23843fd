// Comma-separated values (RFC 4180) as spreadsheets write them: with a byte order mark, and where the comma is the decimal
// sign, with semicolons; as "Unicode text" with tabs.

export interface CsvRecord {
  /** The line that it begins on, from 1. */
  readonly line: number
  readonly cells: readonly string[]
}

const CELL = /(?:"((?:[^"]|"")*)"|([^"\r\n]*?))(SEPARATOR|\r?\n|\r|$)/

/**
 * Splits a text into records. Empty lines are left out.
 * @throws Error with one sentence, without a full stop, that names the line
 */
export function parseCsv(text: string): CsvRecord[] {
  const content = text.replace(/^\uFEFF/, '')
  const [header = ''] = content.split(/\r?\n/, 1)
  const separator = [',', ';', '\t'].find((one) => header.includes(one)) ?? ','
  const cell = new RegExp(CELL.source.replace('SEPARATOR', separator), 'y')
  const records: CsvRecord[] = []
  let line = 1
  while (cell.lastIndex < content.length) {
    const begin = line
    const cells: string[] = []
    for (let end = separator; end === separator;) {
      const match = cell.exec(content)
      if (match === null) throw new Error(`line ${line}: a quotation mark is missing or stands alone`)
      const [whole, quoted, bare = '', after = ''] = match
      cells.push(quoted === undefined ? bare.trim() : quoted.replaceAll('""', '"'))
      line += whole.split('\n').length - 1
      end = after
    }
    if (cells.some((one) => one !== '')) records.push({ line: begin, cells })
  }
  return records
}
