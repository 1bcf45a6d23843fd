// JSON with one meaning: what JSON.parse forgives is refused, and what RFC 8259 allows is read.

import { expect, test } from 'vitest'
import { readStrictJson } from '../../../../src/domain/license/strict-json.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

test.each([
  ['{"a":1,"a":1}', 'has the same name twice in one object'],
  ['{"a":{"b":1,"c":[],"b":2}}', 'has the same name twice in one object'],
  [String.raw`{"exp":1,"\u0065xp":2}`, 'has the same name twice in one object'],
  ['[{"a":1},{"a" :1, "a"\t:2}]', 'has the same name twice in one object'],
  ['{"__proto__":{"admin":true}}', 'has a member named "__proto__"'],
  [String.raw`{"x":{"\u005f_proto__":1}}`, 'has a member named "__proto__"'],
  ['\uFEFF{}', 'starts with a byte order mark'],
  ['[[[[[1]]]]]', 'is nested deeper than 4 levels'],
  ['{"a":{"a":{"a":{"a":{}}}}}', 'is nested deeper than 4 levels'],
  [String.raw`"\ud800"`, 'has half of a surrogate pair in a text'],
  [String.raw`{"\udc00":1}`, 'has half of a surrogate pair in a text'],
  ['{"exp":1e999}', 'has a number that is too large'],
  ['[-1e999]', 'has a number that is too large'],
  ['{"max_agents":-0}', 'has a zero with a minus sign'],
  ['[-0.0e1]', 'has a zero with a minus sign'],
  ['[-1e-999]', 'has a zero with a minus sign'],
  ['{"a":1} x', 'is not valid JSON'],
  ['{/* a */}', 'is not valid JSON'],
  ['NaN', 'is not valid JSON'],
  ['', 'is not valid JSON'],
])('%s %s', (text, problem) => {
  expect(readStrictJson(utf8(text), 4)).toEqual({ problem })
})

test.each([
  ['the same name in different objects', '{"a":{"a":[{"a":1},{"a":2}]}}'],
  ['a name that is also a value', '{"a":"a","b":["a","b"]}'],
  ['braces, quotes and colons inside texts', String.raw`{"a\"{[":"]}\\","b":"\":\""}`],
  ['as deep as allowed', '[[[[1]]]]'],
  ['a bare value', '1.5e3'],
  ['a surrogate pair', String.raw`"\ud83d\ude00"`],
])('reads %s', (_, text) => {
  expect(readStrictJson(utf8(text), 4)).toEqual({ value: JSON.parse(text) })
})

test('bytes that are not UTF-8, and half characters in a JavaScript string, are refused alike', () => {
  expect(readStrictJson(new Uint8Array([0x22, 0xff, 0x22]), 4)).toEqual({ problem: 'is not valid UTF-8' })
  expect(readStrictJson('"\ud800"', 4)).toEqual({ problem: 'is not valid UTF-8' })
})

test('a hundred thousand brackets are an answer, not a crash', () => {
  expect(readStrictJson('['.repeat(100_000) + ']'.repeat(100_000), 16)).toEqual({
    problem: 'is nested deeper than 16 levels',
  })
})
