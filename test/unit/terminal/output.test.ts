// What machines read is also looked at by people: nothing in it may be hidden or stand in another order than it seems to.

import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { print } from '../../../src/terminal/output.ts'
import { anIo } from '../cli/io.ts'

const HOSTILE = {
  organization: 'Acme \u202Egnp.exe\u202C',
  'key\u200Bwith': 'a\u2028b\u0085c\u001B[31m',
  tag: '\u{E0041}',
  plain: 'Søhne & Müller, "quoted"',
  lines: 'one\ntwo\n',
  list: ['\u2066x\u2069', 1, true, null],
}

test.each(['json', 'yaml'] as const)('%s has nothing hidden in it, and the same value', (format) => {
  const io = anIo()
  print(io, format, HOSTILE, () => '')
  const text = io.said.stdout
  expect(text).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u)
  expect(text).toContain('Søhne & Müller')
  expect(format === 'json' ? JSON.parse(text) : parse(text)).toEqual(HOSTILE)
})
