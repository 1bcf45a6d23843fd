// How a command of the vendor ends when something is not as it should be: refused, or done with warnings.

import { CliError, EXIT, type ExitCode, type Io, printable } from '../../terminal/output.ts'

/** One problem is the sentence that the command ends with; several are a list, each on its line. */
export function refusal(io: Io, problems: readonly string[], exitCode: ExitCode, ending: string): CliError {
  const [only, ...others] = problems
  if (only !== undefined && others.length === 0) return new CliError(only, exitCode)
  for (const problem of problems) io.stderr(`- ${printable(problem)}\n`)
  return new CliError(`${ending}: ${problems.length} problems`, exitCode)
}

export function warn(io: Io, warnings: readonly string[]): void {
  for (const warning of warnings) io.stderr(`Warning: ${printable(warning)}.\n`)
}

/** What was done stays done; the exit code says that somebody should read the warnings. */
export function endWith(warnings: readonly unknown[]): void {
  if (warnings.length > 0) throw new CliError('', EXIT.warning)
}
