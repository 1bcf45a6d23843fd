// `cto explain CODE`: what a reason means and what lifts it.

import { Command } from 'commander'
import { happenings, reasons } from '../domain/entitlement/reasons.ts'
import { unknownName } from './known-names.ts'
import {
  CliError,
  columns,
  EXIT,
  type Format,
  formatOption,
  type Io,
  print,
  properties,
  styled,
} from '../terminal/output.ts'

export function explainCommand(io: Io): Command {
  return new Command('explain')
    .argument('[reason]', 'as it stands in a status, an Event or a refusal')
    .addOption(formatOption())
    .action((reason: string | undefined, { output }: { output: Format }) => {
      const all = { ...reasons, ...happenings }
      if (reason === undefined) {
        print(io, output, all, () =>
          columns(Object.entries(all).map(([name, { meaning }]) => [styled('bold', name), meaning])),
        )
        return
      }
      const known = Object.keys(all)
      const found = Object.entries(all).find(([name]) => name.toLowerCase() === reason.toLowerCase())
      if (found === undefined) throw new CliError(unknownName('reason', reason, known) ?? '', EXIT.usage)
      const [name, { meaning, cure }] = found
      print(io, output, { reason: name, meaning, cure }, () =>
        properties([
          ['REASON', name],
          ['MEANING', meaning],
          [name in happenings ? 'WHAT TO DO' : 'WHAT LIFTS IT', cure],
        ]),
      )
    })
}
