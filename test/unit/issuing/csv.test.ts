// CSV as spreadsheets write it.

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCsv } from '../../../src/issuing/csv.ts'

test.each([
  [
    'commas',
    'a,b\n1,2\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    'semicolons, where the comma is the decimal sign',
    'a;b\n1,5;2',
    [
      ['a', 'b'],
      ['1,5', '2'],
    ],
  ],
  [
    'a byte order mark and CRLF',
    '\uFEFFa,b\r\n1,2\r\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  ['quotation marks', 'a\n"x,""y"""\n', [['a'], ['x,"y"']]],
  [
    'cells that are empty, also at the end',
    'a,b\n,\n1,',
    [
      ['a', 'b'],
      ['1', ''],
    ],
  ],
  [
    'spaces around',
    'a , b\n 1,2 ',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  ['nothing', '', []],
])('%s', (_, text, cells) => {
  expect(parseCsv(text).map((record) => record.cells)).toEqual(cells)
})

test('each record knows the line that it begins on', () => {
  expect(parseCsv('a\n"1\n2"\n\n3').map(({ line }) => line)).toEqual([1, 2, 5])
})

test.each([
  ['one that is not closed', 'a\nb\n"c', 3],
  ['one within a cell', 'a\nb"c"', 2],
  ['text after one', 'a\n"b"c', 2],
])('a quotation mark out of place is said with its line: %s', (_, text, line) => {
  expect(() => parseCsv(text)).toThrow(`line ${line}: a quotation mark is missing or stands alone`)
})

test('whatever is written with quotation marks is read back', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', ',', ';', '"', '\n', '\r\n', ' ', 'ü') })
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { maxLength: 4 })
  fc.assert(
    fc.property(rows, (rows) => {
      const records = [['a', 'b'], ...rows]
      const text = records.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')).join('\r\n')
      const kept = records.filter((row) => row.some((one) => one !== ''))
      expect(parseCsv(text).map(({ cells }) => cells)).toEqual(kept)
    }),
  )
})
