// Runs a command of the tree and says with which code the process should exit. The only reader of commander's errors.

import { type Command, CommanderError } from 'commander'
import { CliError, EXIT, type ExitCode, type Io, sentence } from './output.ts'

/** @param args the arguments after the program's name */
export async function runCommand(command: Command, args: readonly string[], io: Io): Promise<ExitCode> {
  prepare(command, io)
  try {
    await command.parseAsync([...args], { from: 'user' })
    return EXIT.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (!(error instanceof CliError)) throw error
    if (error.message !== '') io.stderr(`${sentence(error.message)}.\n`)
    return error.exitCode
  }
}

/** commander hands these settings down only to commands made with `.command()`, not to those added later. */
function prepare(command: Command, io: Io): void {
  command.exitOverride().configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
  for (const child of command.commands) prepare(child, io)
}
