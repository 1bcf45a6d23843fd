// What a shell is told may come next.

import { expect, test } from 'vitest'
import { complete } from '../../../src/cli/complete.ts'
import { createProgram } from '../../../src/cli/program.ts'
import { anIo } from './io.ts'

const program = await createProgram(anIo(), 'cto')
const after = (...words: string[]) => complete(program, words).map(({ value }) => value)

test.each<[words: string[], expected: string[]]>([
  [['st'], ['status']],
  [
    ['license', 'in'],
    ['inspect', 'install'],
  ],
  [['status', '--ku'], ['--kubeconfig']],
  [['status', '-o', 'j'], ['json']],
  [
    ['status', '--output', ''],
    ['table', 'json', 'yaml'],
  ],
  // What stands behind an option that takes a value is no command.
  [['--nonsense', 'license', 'verify', '--product', 'install', '--trusted'], ['--trusted-keys']],
  [['init', '--target', 'k'], ['kind']],
  [['explain', 'NodeL'], ['NodeLimitExceeded']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  // A file is the shell's business.
  [['license', 'verify', 'lic'], []],
  [['status', '--kubeconfig', ''], []],
  [['nonsense', 'x'], []],
])('after %j comes %j', (words, expected) => {
  expect(after(...words)).toEqual(expected)
})

test('every command can be found, with what it is for', () => {
  const all = complete(program, [''])
  expect(all.map(({ value }) => value)).toEqual(expect.arrayContaining(['trial', 'check', 'status', 'license', 'help']))
  for (const { value, description } of all) expect(description, value).not.toBe('')
})
