// The vendor's guide is true: its commands are run in their order, in a folder of their own, and each does what it should.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProgram } from '../../../src/cli/program.ts'
import { runCommand } from '../../../src/cli/run-command.ts'
import { COLUMN_NAMES } from '../../../src/cli/issuing/order-sheet.ts'
import { packageRoot } from '../../../src/files/package-root.ts'
import { anIo } from '../cli/io.ts'

const page = (name: string) => readFile(join(packageRoot(), 'docs', name), 'utf8')
const guide = await page('vendor-guide.md')
const block = (text: string, language: string) =>
  new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'm').exec(text)?.[1] ?? ''

const commands = [...guide.matchAll(/^```bash\n([^]*?)^```/gm)]
  .flatMap(([, lines = '']) => lines.split('\n'))
  .filter((line) => line.startsWith('npx cto '))
  .map((line) => line.replace(/ +#.*$/, ''))

let folder: string
const home = process.cwd()
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cto-guide-'))
  process.chdir(folder)
  await writeFile('customers.csv', block(guide, 'csv'))
  await writeFile('beacon.json', block(await page('catalogs.md'), 'json'))
})
afterAll(async () => {
  process.chdir(home)
  await rm(folder, { recursive: true })
})

describe('its commands, one after the other', () => {
  test('are there', () => expect(commands.length).toBeGreaterThan(12))

  test.each(commands)('%s', { timeout: 30_000 }, async (command) => {
    const io = { ...anIo(), askSecret: () => Promise.resolve('correct horse battery staple') }
    const [, , ...args] = await wordsOf(command)
    const exitCode = await runCommand(await createProgram(io, 'cto'), args, io)
    expect(exitCode, `${io.said.stdout}\n${io.said.stderr}`).toBe(0)
  })
})

test('it names every column of a spreadsheet', () => {
  const named = /<!-- columns -->(.*)<!-- \/columns -->/.exec(guide)?.[1] ?? ''
  expect(named.split(', ')).toEqual(COLUMN_NAMES.map((name) => `\`${name}\``))
})

/** The words of a command line; what stands in angle brackets is filled in. */
async function wordsOf(line: string): Promise<string[]> {
  const filled = line.includes('<') ? line.replace(/<the old key's ID>/, await oldKey()) : line
  return [...filled.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare = '']) => quoted ?? bare)
}

async function oldKey(): Promise<string> {
  const { keys }: { keys: { kid: string }[] } = JSON.parse(await readFile('keys/trusted-keys.json', 'utf8'))
  return keys[0]?.kid ?? ''
}
