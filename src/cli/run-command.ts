// Runs a command of the tree and says with which code the process should exit. The only reader of commander's errors.

import { type Command, CommanderError } from 'commander'
import { CliError, EXIT, type ExitCode, type Io, printableLines, sentence } from '../terminal/output.ts'

/** @param args the arguments after the program's name */
export async function runCommand(command: Command, args: readonly string[], io: Io): Promise<ExitCode> {
  prepare(command, io)
  try {
    await command.parseAsync([...args], { from: 'user' })
    return EXIT.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    // The stack or a text came to its end: what was given is larger or nested deeper than anything that is meant.
    if (error instanceof RangeError) return end(new CliError(`${TOO_LARGE} (${error.message})`), io)
    if (error instanceof CliError) return end(error, io)
    throw error
  }
}

const TOO_LARGE = 'what was given is too large, or nested too deeply, to be worked on'

/** A message may hold the words of others: of a webhook, of an API server, of a file. */
function end({ message, exitCode }: CliError, io: Io): ExitCode {
  if (message !== '') io.stderr(`${printableLines(sentence(message))}.\n`)
  return exitCode
}

/** commander hands these settings down only to commands made with `.command()`, not to those added later. */
function prepare(command: Command, io: Io): void {
  const outputError = (text: string, write: (text: string) => void) => write(printableLines(text))
  command.exitOverride().configureOutput({ writeOut: io.stdout, writeErr: io.stderr, outputError })
  for (const child of command.commands) prepare(child, io)
}
