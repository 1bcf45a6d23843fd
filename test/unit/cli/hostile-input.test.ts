// What is given to a command may be made to break it, or be the words of others. It ends with a sentence, and writes nothing
// that moves the cursor.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CliError } from '../../../src/terminal/output.ts'
import { createProgram } from '../../../src/cli/program.ts'
import { runCommand } from '../../../src/cli/run-command.ts'
import { readTextFile } from '../../../src/devtools/packaging/text-input.ts'
import { readLedgerFile } from '../../../src/issuing/ledger.ts'
import { anIo } from './io.ts'

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'hostile-input-'))))
afterAll(() => rm(folder, { recursive: true }))

const DEEP = 5_900
/** Ten lines that stand for a thousand million values. */
const LAUGHS = [
  'a0: &a0 [x]',
  ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}]`),
]
const TOO_DEEP = /is nested deeper than 200 levels/
const ALIASES = /has too many YAML aliases, or one that stands for nothing/
const INPUTS: readonly (readonly [string, string, RegExp])[] = [
  ['aliases of aliases', `${LAUGHS.join('\n')}\n`, ALIASES],
  ['very many aliases', `a: &a [x]\nb: [${'*a, '.repeat(5_000)}]\n`, ALIASES],
  ['an alias for nothing', 'a: *b\n', ALIASES],
  ['a value that holds itself', 'a: &a [*a, *a]\n', TOO_DEEP],
  ['lists in lists', '['.repeat(DEEP) + ']'.repeat(DEEP), TOO_DEEP],
  ['lists in lists that do not end', '['.repeat(DEEP), TOO_DEEP],
  ['objects in objects', '{"a":'.repeat(DEEP) + '1' + '}'.repeat(DEEP), TOO_DEEP],
  ['less than overflows anything', '['.repeat(201) + ']'.repeat(201), TOO_DEEP],
]
const COMMANDS = ['detect -f', 'deploy -f', 'check --pre -f', 'vendor catalog check'] as const

describe.each(COMMANDS)('cto %s', (command) => {
  test.each(INPUTS)('%s', { timeout: 30_000 }, async (_what, text, problem) => {
    const file = join(folder, 'input')
    await writeFile(file, text)
    const io = anIo()
    const program = await createProgram(io, 'cto')
    const code = await runCommand(program, [...command.split(' '), file], io)
    expect(io.said.stderr).toMatch(problem)
    expect(io.said.stderr).toMatch(/^[^\n]+\.\n$/)
    expect(code).toBeGreaterThan(0)
    expect(io.said.stdout).toBe('')
  })
})

test('what comes to the end of the stack ends with a sentence', async () => {
  const io = anIo()
  const endless = (): number => endless() + 1
  expect(
    await runCommand(
      new Command().action(() => void endless()),
      [],
      io,
    ),
  ).toBe(1)
  expect(io.said.stderr).toBe(
    'What was given is too large, or nested too deeply, to be worked on (Maximum call stack size exceeded).\n',
  )
})

test('the words of others keep their lines and cannot play tricks on the terminal', async () => {
  const io = anIo()
  const words = 'refused by a webhook: \u001b[2Jgone \u202Etxet\nsecond line \u009b31m'
  const command = new Command().action(() => {
    throw new CliError(words)
  })
  await runCommand(command, [], io)
  expect(io.said.stderr).toBe('Refused by a webhook: \\u001b[2Jgone \\u202etxet\nsecond line \\u009b31m.\n')
  await runCommand(new Command('x').argument('<number>'), ['1', '\u001b[2J'], io)
  expect(io.said.stderr).not.toContain('\u001b')
})

describe('a file that PowerShell wrote', () => {
  const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')

  test('is read by a build as by every command', async () => {
    const file = join(folder, 'keys.json')
    await writeFile(file, utf16('{"keys":[]}'))
    expect(await readTextFile(file)).toBe('{"keys":[]}')
    await writeFile(file, Buffer.from([0x50, 0x4b, 3, 4, 0, 0]))
    await expect(readTextFile(file)).rejects.toThrow(file)
  })

  test('is no ledger: what is added to it could not be read', async () => {
    const file = join(folder, 'ledger.jsonl')
    await writeFile(file, utf16('{}\n'))
    await expect(readLedgerFile(file)).rejects.toThrow('save it as UTF-8 without a byte order mark')
    await writeFile(file, '{}\n')
    expect(await readLedgerFile(file)).toBe('{}\n')
  })
})
