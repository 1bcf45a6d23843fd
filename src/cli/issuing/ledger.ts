// `cto vendor ledger`: whether the record of everything that was made is whole, and what stands in it.

import { Command } from 'commander'
import { formatInstant, type Instant } from '../../domain/time.ts'
import { normalName } from '../../domain/names.ts'
import type { LedgerLine, LicenseEntry } from '../../issuing/ledger-entry.ts'
import { type Ledger, LedgerProblem, parseLedger } from '../../issuing/ledger.ts'
import { type Standing, standings } from '../../issuing/license-history.ts'
import { dateArgument } from '../date-argument.ts'
import { readText } from '../input.ts'
import {
  CliError,
  columns,
  EXIT,
  type Format,
  formatOption,
  type Io,
  print,
  printable,
  properties,
  styled,
} from '../../terminal/output.ts'

interface ListOptions {
  readonly organization?: string
  readonly expiringBefore?: Instant
  readonly output: Format
}

export function ledgerCommand(io: Io): Command {
  const verify = new Command('verify')
    .description('say whether every line of the ledger is as it was written; exit 3 when one is not')
    .argument('<file>', 'the ledger')
    .option('--head <hash>', 'the head that an earlier verify told: nothing up to it may be missing')
    .addOption(formatOption())
    .action(async (file: string, options: { readonly head?: string; readonly output: Format }) =>
      verifyLedger(io, file, await textOf(file, io), options),
    )
  const list = new Command('list')
    .description('list what was made, or the licenses that are looked for')
    .argument('<file>', 'the ledger')
    .option('--organization <name>', 'only licenses of this organization, or any whose name contains this')
    .option(
      '--expiring-before <date>',
      'only licenses that end before and are neither replaced nor revoked',
      dateArgument,
    )
    .addOption(formatOption())
    .action(async (file: string, options: ListOptions) => listLedger(io, await wholeLedger(file, io), options))
  return new Command('ledger').description('the record of all that was made').addCommand(verify).addCommand(list)
}

async function textOf(file: string, io: Io): Promise<string> {
  return await readText(file, io)
}

function verifyLedger(
  io: Io,
  file: string,
  text: string,
  { head, output }: { readonly head?: string; readonly output: Format },
): void {
  const result = judge(text, head)
  print(io, output, { file, ...result }, () =>
    result.whole
      ? properties([
          ['LEDGER', `whole, ${result.lines} lines`],
          ['HEAD', result.head],
        ])
      : properties([
          ['LEDGER', styled('red', 'not whole')],
          ...(result.line === undefined ? [] : [['LINE', String(result.line)] as const]),
          ['PROBLEM', printable(result.problem)],
        ]),
  )
  if (!result.whole) throw new CliError('', EXIT.failedCheck)
  if (head === undefined)
    io.stderr('Note the head elsewhere: with --head, a later verify sees whether lines were cut off.\n')
}

type Judgement =
  | { readonly whole: true; readonly lines: number; readonly head: string }
  | { readonly whole: false; readonly line?: number; readonly problem: string }

function judge(text: string, head: string | undefined): Judgement {
  try {
    const ledger = parseLedger(text)
    if (head === undefined || ledger.hashes.includes(head)) {
      return { whole: true, lines: ledger.lines.length, head: ledger.head }
    }
    return {
      whole: false,
      problem: 'the line with that head is missing: the end of the ledger was cut off, or replaced',
    }
  } catch (error) {
    if (error instanceof LedgerProblem) return { whole: false, line: error.line, problem: error.message }
    throw error
  }
}

async function wholeLedger(file: string, io: Io): Promise<Ledger> {
  const text = await textOf(file, io)
  try {
    return parseLedger(text)
  } catch (error) {
    if (!(error instanceof LedgerProblem)) throw error
    throw new CliError(`the ledger ${file} is not whole: line ${error.line}: ${error.message}`, EXIT.failedCheck)
  }
}

function listLedger(io: Io, ledger: Ledger, options: ListOptions): void {
  const standingOf = standings(ledger, io.now())
  const isFiltered = options.organization !== undefined || options.expiringBefore !== undefined
  const rows = ledger.lines.flatMap((line) => {
    const standing = line.kind === 'license' ? standingOf.get(line) : undefined
    if (line.kind !== 'license' || standing === undefined) return isFiltered ? [] : [rowOf(line, undefined)]
    return isWanted(line, standing, options) ? [rowOf(line, standing)] : []
  })
  print(io, options.output, rows, () => {
    const head = ['DATE', 'WHAT', 'ID', 'ORGANIZATION', 'UNTIL', 'STATE'].map((title) => styled('bold', title))
    const cells = rows.map((row) => [row.at, row.kind, row.id, row.organization ?? '', row.until ?? '', row.state])
    return columns([head, ...cells.map((line) => line.map(printable))])
  })
}

const folded = (name: string) => normalName(name).toLowerCase()

function isWanted(license: LicenseEntry, standing: Standing, { organization, expiringBefore }: ListOptions): boolean {
  const isOf = organization === undefined || folded(license.organization).includes(folded(organization))
  if (expiringBefore === undefined) return isOf
  return isOf && license.expiresAt < expiringBefore && standing.kind !== 'replaced' && standing.kind !== 'revoked'
}

interface Row {
  readonly at: string
  readonly kind: LedgerLine['kind']
  readonly id: string
  readonly organization?: string
  readonly plan?: string
  readonly until?: string
  readonly serial?: number
  readonly state: string
}

function rowOf(line: LedgerLine, standing: Standing | undefined): Row {
  const { kind } = line
  const at = formatInstant(line.at)
  if (line.kind === 'license') {
    const { licenseId: id, organization, plan, serial } = line
    const until = formatInstant(line.expiresAt)
    const state = standing === undefined ? '' : describeStanding(standing)
    return { at, kind, id, organization, plan, until, ...(serial === undefined ? {} : { serial }), state }
  }
  if (line.kind === 'revocation-list') {
    const state =
      line.revoked.length === 0 ? 'signed anew' : `revokes ${line.revoked.map((one) => one.licenseId).join(', ')}`
    return { at, kind, id: `${line.product} version ${line.version}`, state }
  }
  if (line.kind === 'catalog') return { at, kind, id: line.product, state: `signed by ${line.keyId}` }
  const replaced = line.replaces === undefined ? '' : `, in place of ${line.replaces.keyId}`
  return { at, kind, id: line.keyId, state: `for ${line.use}, ${line.alg}${replaced}` }
}

function describeStanding(standing: Standing): string {
  if (standing.kind === 'in-force') return 'in force'
  if (standing.kind === 'future') return `begins ${formatInstant(standing.startsAt)}`
  if (standing.kind === 'replaced') return `replaced by ${standing.by}`
  if (standing.kind === 'revoked') return `revoked ${formatInstant(standing.at)}`
  return 'ended'
}
