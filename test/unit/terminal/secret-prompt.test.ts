// What is typed at a secret question: corrected, never shown, and nothing when somebody leaves.

import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { askSecret } from '../../../src/terminal/secret-prompt.ts'

async function type(keys: string): Promise<{ answer: string | undefined; shown: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()]
  let shown = ''
  output.on('data', (chunk: Buffer) => (shown += chunk.toString()))
  const asked = askSecret('Pass phrase: ', input, output)
  input.write(keys)
  const answer = await asked.catch(() => undefined)
  return { answer, shown }
}

test.each([
  ['a pass phrase', 'correct horse\r', 'correct horse'],
  ['one with other letters', 'pâss 🦊\r', 'pâss 🦊'],
  ['one that is corrected', 'cat\u007F\u007Forrect\r', 'correct'],
  ['nothing', '\r', ''],
  ['Ctrl-C', 'abc\u0003', undefined],
  ['Ctrl-D', '\u0004', undefined],
])('%s', async (_, keys, answer) => {
  expect(await type(keys)).toEqual({ answer, shown: 'Pass phrase: \n' })
})
