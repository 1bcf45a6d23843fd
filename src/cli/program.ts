// The command tree: all of it for the docs, and as much as the arguments ask for when somebody waits for an answer.

import { basename } from 'node:path'
import { Command } from 'commander'
import { VERSION } from '../version.ts'
import { type CommandEntry, commands } from './commands.ts'
import type { Io } from '../terminal/output.ts'

/**
 * Makes the tree.
 * @param args what was typed; commands that it does not name are there by name and description only. Absent: all are whole.
 */
export async function createProgram(io: Io, name: string, args?: readonly string[]): Promise<Command> {
  const asked = args?.find((arg) => !arg.startsWith('-') && arg !== 'help')
  const program = new Command(name)
    .description('Software licenses in Kubernetes: run the operator, try it, look into licenses, issue them.')
    .version(VERSION)
    .addHelpCommand(
      new Command('help')
        .argument('[command]')
        .helpOption(false)
        .description('say how a command is used')
        .helpGroup('Help:'),
    )
    .showHelpAfterError(`(see: ${name} --help)`)
  for (const entry of commands) {
    program.addCommand(await commandOf(entry, io, args === undefined || entry.name === asked))
  }
  return program
}

async function commandOf(entry: CommandEntry, io: Io, whole: boolean): Promise<Command> {
  const command = whole ? await entry.load(io) : new Command(entry.name)
  return command.description(entry.description).helpGroup(entry.group)
}

/** How the binary is called: as a plug-in of kubectl it is two words. */
export function programName(path: string | undefined): string {
  return /^kubectl-cto(\.|$)/.test(basename(path ?? '')) ? 'kubectl cto' : 'cto'
}
