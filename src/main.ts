// The binary `cto`: arguments in, an exit code out. The only place that ends the process.

import { buffer } from 'node:stream/consumers'
import { Command } from 'commander'
import { builtInCatalogs, catalogNames } from './cli/catalogs.ts'
import { detectCommand } from './cli/detect.ts'
import { explainCommand } from './cli/explain.ts'
import { simulateCommand } from './cli/license-simulate.ts'
import { licenseCommand } from './cli/license.ts'
import { operatorCommand } from './cli/operator.ts'
import { EXIT, type Io } from './cli/output.ts'
import { runCommand } from './cli/run-command.ts'
import { statusCommand } from './cli/status.ts'
import { trialCommand } from './cli/trial.ts'
import { vendorCommand } from './cli/vendor.ts'
import { VERSION } from './version.ts'

const io: Io = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  stdin: () => buffer(process.stdin),
  now: () => Date.now(),
}
// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.error),
)

const catalogs = builtInCatalogs()
const names = catalogs.map(catalogNames)
const cto = new Command('cto')
  .description('Software licenses in Kubernetes: run the operator, try it, look into licenses, issue them.')
  .version(VERSION)
  .addCommand(trialCommand(io))
  .addCommand(operatorCommand(io))
  .addCommand(statusCommand(io))
  .addCommand(detectCommand(io, catalogs))
  .addCommand(explainCommand(io))
  .addCommand(licenseCommand(io, names).addCommand(simulateCommand(io, catalogs)))
  .addCommand(vendorCommand(io, names))
  .showHelpAfterError('(see: cto --help)')

process.exitCode = await runCommand(cto, process.argv.slice(2), io)
