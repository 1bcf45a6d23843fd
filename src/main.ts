// The binary `cto`: arguments in, an exit code out. The only place that ends the process.

import { buffer } from 'node:stream/consumers'
import { COMPLETE } from './cli/completion.ts'
import { EXIT, type Io } from './terminal/output.ts'
import { createProgram, programName } from './cli/program.ts'
import { runCommand } from './cli/run-command.ts'
import { foreignCodeIn } from './runtime/foreign-code.ts'
import { environmentAtStart } from './cli/environment.ts'
import { askSecret } from './terminal/secret-prompt.ts'

const foreignCode =
  foreignCodeIn({ env: process.env, execArgv: process.execArgv }) ??
  foreignCodeIn({ env: environmentAtStart(), execArgv: [] })
const io: Io = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  stdin: () => buffer(process.stdin),
  now: () => Date.now(),
  ...(foreignCode === undefined ? {} : { foreignCode }),
  ...(process.stdin.isTTY ? { askSecret: (question) => askSecret(question, process.stdin, process.stderr) } : {}),
}
// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.error),
)

const [, path, ...args] = process.argv
const name = programName(path)
if (args[0] === COMPLETE) {
  const { candidateLines, complete } = await import('./cli/complete.ts')
  const words = args.slice(1)
  io.stdout(candidateLines(complete(await createProgram(io, name, words), words)))
} else {
  process.exitCode = await runCommand(await createProgram(io, name, args), args, io)
}
