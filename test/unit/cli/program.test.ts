// The command tree: whole for the docs, and no more of it than is asked for when somebody waits.

import { describe, expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { createProgram, programName } from '../../../src/cli/program.ts'
import { anIo } from './io.ts'

describe('the tree', () => {
  test('is whole without arguments: every command has its own name, and every option says what it is for', async () => {
    const program = await createProgram(anIo(), 'cto')
    expect(program.commands.map((command) => command.name())).toEqual(commands.map(({ name }) => name))
    const all = [...program.commands, ...program.commands.flatMap((command) => command.commands)]
    for (const command of all) {
      expect(command.description(), command.name()).not.toBe('')
      for (const option of command.options) expect(option.description, `${command.name()} ${option.flags}`).not.toBe('')
    }
  })

  test.each([
    { args: ['status', '--kubeconfig', 'x'], whole: 'status' },
    { args: ['help', 'status'], whole: 'status' },
    { args: ['--help'], whole: undefined },
    { args: ['nonsense'], whole: undefined },
    { args: [], whole: undefined },
  ])('$args makes only what it asks for', async ({ args, whole }) => {
    const program = await createProgram(anIo(), 'cto', args)
    const made = program.commands.filter((command) => command.options.length > 0 || command.commands.length > 0)
    expect(made.map((command) => command.name())).toEqual(whole === undefined ? [] : [whole])
    expect(program.commands.map((command) => command.name())).toContain('trial')
  })
})

test.each([
  ['/usr/local/bin/cto', 'cto'],
  ['/work/dist/cto.mjs', 'cto'],
  ['/home/me/.krew/bin/kubectl-cto', 'kubectl cto'],
  ['C:/bin/kubectl-cto.cmd', 'kubectl cto'],
  ['/usr/bin/kubectl-ctopus', 'cto'],
  [undefined, 'cto'],
])('called as %s it is %s', (path, name) => {
  expect(programName(path)).toBe(name)
})
