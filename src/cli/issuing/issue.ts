// `cto vendor issue`: from options to a signed license file. It is looked over, recorded in the ledger, and only then put in
// its place.

import type { IssueOptions } from './issue-options.ts'
import { Command } from 'commander'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import { formatInstant, type Instant } from '../../domain/time.ts'
import { fromNumericDate, toNumericDate } from '../../domain/license/numeric-date.ts'
import { describeEnd } from '../../issuing/end-date.ts'
import { type Ledger, licensesOf } from '../../issuing/ledger.ts'
import type { Draft } from '../../issuing/lint/draft.ts'
import { lint } from '../../issuing/lint/lint.ts'
import { draftOf } from '../../issuing/order.ts'
import { OWNER_ONLY, type Staged, stageFile } from '../../files/staged.ts'
import { fileProblem } from '../input.ts'
import { CliError, EXIT, formatOption, type Io, print, properties } from '../../terminal/output.ts'
import { endWith, refusal, warn } from './complaint.ts'
import { issueSheet } from './issue-sheet.ts'
import { trustedKeysBeside } from './key-option.ts'
import { readLedger, withLedger } from './ledger-file.ts'
import { addOrderOptions, orderOf } from './order-options.ts'
import { signDraft, type SignedLicense, type Signer } from './signed-license.ts'
import { catalogOf } from './product.ts'
import { addSignerOptions, ledgerOf, readSigner } from './signer.ts'

const STANDARD_OUTPUT = '-'

export function issueCommand(io: Io, catalogs: readonly Catalog[]): Command {
  const command = new Command('issue')
    .description('sign a license, or one for each row of a spreadsheet')
    .requiredOption('--out <path>', 'the license file, or - for standard output; for a spreadsheet a new folder')
    .option('--from-csv <file>', 'a spreadsheet with a license in each row; its columns are called as the options')
    .option('--product <name>', 'the product', catalogs[0]?.product ?? '')
    .option('--dry-run', 'check everything, and write nothing')
  return addOrderOptions(addSignerOptions(command, 'for licenses'))
    .addOption(formatOption())
    .action((options: IssueOptions) => {
      const catalog = catalogOf(catalogs, options.product)
      const now = fromNumericDate(toNumericDate(io.now()))
      return options.fromCsv === undefined
        ? issueOne(io, catalog, options, now)
        : issueSheet(io, catalog, { ...options, fromCsv: options.fromCsv }, now)
    })
}

async function issueOne(io: Io, catalog: Catalog, options: IssueOptions, now: Instant): Promise<void> {
  const named = orderOf(options, catalog)
  if ('problems' in named) throw refusal(io, named.problems, EXIT.usage, 'nothing was issued')
  const signer = await readSigner(options, io)
  const { order, plan } = named
  const signWith = async (ledger: Ledger) => {
    const draft = draftOf(order, { catalog, plan, now, issued: licensesOf(ledger) })
    return { draft, signed: await sign(io, draft, options, signer) }
  }
  const path = ledgerOf(options)
  const { draft, signed } =
    options.dryRun === true
      ? await signWith(await readLedger(path))
      : await withLedger(path, io, async (ledger) => {
          const result = await signWith(ledger)
          await ledger.record(...(await toPlace(result.signed, options.out)))
          return result
        })
  warn(io, signed.warnings)
  report(io, draft, signed, options)
  endWith(signed.warnings)
}

/** @throws CliError with the code of a failed check when nobody should get this license */
async function sign(io: Io, draft: Draft, { customField }: IssueOptions, signer: Signer): Promise<SignedLicense> {
  const { problems, warnings } = lint(draft)
  if (problems.length > 0) throw refusal(io, problems, EXIT.failedCheck, 'nothing was issued')
  const signed = await signDraft(draft, customField, signer)
  if ('problem' in signed) throw new CliError(signed.problem, EXIT.failedCheck)
  return { ...signed, warnings: [...warnings, ...signed.warnings] }
}

/** What is recorded, and what is put in place after that. */
async function toPlace({ entry, text }: SignedLicense, out: string): Promise<[[typeof entry], ...Staged[]]> {
  if (out === STANDARD_OUTPUT) return [[entry]]
  const staged = await stageFile(out, text, { mode: OWNER_ONLY, replace: false }).catch((error: unknown) => {
    throw new CliError(`cannot write ${out}: ${fileProblem(error)}`)
  })
  return [[{ ...entry, file: out }], staged]
}

function report(
  io: Io,
  { claims, plan }: Draft,
  { entry, text, warnings }: SignedLicense,
  options: IssueOptions,
): void {
  const { out, output, dryRun, key } = options
  if (dryRun === true) {
    io.stderr('Nothing was written.\n')
  } else if (out === STANDARD_OUTPUT) {
    io.stdout(text)
    return
  }
  const { organization, expiresAt, serial } = claims
  const { licenseId, keyId } = entry
  const result = { file: out, licenseId, organization, plan: plan.name, expiresAt: formatInstant(expiresAt), keyId }
  print(io, output, { ...result, warnings }, () =>
    properties([
      ['LICENSE', licenseId],
      ['ORGANIZATION', organization],
      ['PLAN', plan.title],
      ...(claims.notBefore === undefined ? [] : [['FROM', formatInstant(claims.notBefore)] as const]),
      ['UNTIL', describeEnd(expiresAt)],
      ...(serial === undefined ? [] : [['SERIAL', String(serial)] as const]),
      ['KEY', keyId],
      ['FILE', out],
    ]),
  )
  if (dryRun === true) return
  const trustedKeys = options.trustedKeys ?? trustedKeysBeside(key)
  io.stderr(`Next: cto license verify ${out} --trusted-keys ${trustedKeys}\n`)
}
