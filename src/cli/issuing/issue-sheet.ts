// `cto vendor issue --from-csv`: a license for each row of a spreadsheet, or none at all. Every row is looked over before the
// first is signed, all are recorded at once, and the folder with them appears whole.

import type { Catalog } from '../../domain/catalog/catalog.ts'
import { formatInstant, type Instant } from '../../domain/time.ts'
import { decodeText } from '../../domain/text-file.ts'
import { describeEnd } from '../../issuing/end-date.ts'
import { type Ledger, licensesOf } from '../../issuing/ledger.ts'
import type { Draft } from '../../issuing/lint/draft.ts'
import { lint } from '../../issuing/lint/lint.ts'
import { draftOf } from '../../issuing/order.ts'
import { OWNER_ONLY, stageFolder } from '../../files/staged.ts'
import { fileProblem, problemOf, readInput } from '../input.ts'
import { CliError, columns, EXIT, type Io, print, styled } from '../../terminal/output.ts'
import { endWith } from './complaint.ts'
import type { IssueOptions } from './issue-options.ts'
import { readLedger, withLedger } from './ledger-file.ts'
import { orderOf } from './order-options.ts'
import { readSheet, type SheetRow } from './order-sheet.ts'
import { signDraft, type SignedLicense, type Signer } from './signed-license.ts'
import { ledgerOf, readSigner } from './signer.ts'

/** What is said about a line of the spreadsheet. */
interface Remark {
  readonly line: number
  readonly message: string
}

interface DraftRow {
  readonly row: SheetRow
  readonly draft: Draft
}

interface SignedRow extends DraftRow {
  readonly signed: SignedLicense
  readonly file: string
}

/** All rows, or what is wrong with some; and what should be read in either case. */
interface Outcome {
  readonly rows: readonly SignedRow[]
  readonly problems: readonly Remark[]
  readonly warnings: readonly Remark[]
}

export async function issueSheet(
  io: Io,
  catalog: Catalog,
  options: IssueOptions & { readonly fromCsv: string },
  now: Instant,
): Promise<void> {
  const rows = await rowsOf(options, io)
  const signer = await readSigner(options, io)
  const path = ledgerOf(options)
  const signAll = (ledger: Ledger) => signRows(rows, catalog, ledger, now, signer)
  const outcome =
    options.dryRun === true
      ? await signAll(await readLedger(path))
      : await withLedger(path, io, async (ledger) => {
          const signed = await signAll(ledger)
          if (signed.problems.length > 0) return signed
          const folder = await stage(options.out, signed.rows)
          const entries = signed.rows.map(({ signed: { entry }, file }) => ({
            ...entry,
            file: `${options.out}/${file}`,
          }))
          await ledger.record(entries, folder)
          return signed
        })
  report(io, outcome, options)
  if (outcome.problems.length > 0) {
    const count = `${outcome.problems.length} problem${outcome.problems.length === 1 ? '' : 's'}`
    throw new CliError(`nothing was issued: ${count} in ${options.fromCsv}`, EXIT.failedCheck)
  }
  endWith(outcome.warnings)
}

async function rowsOf(options: IssueOptions & { readonly fromCsv: string }, io: Io): Promise<SheetRow[]> {
  const bytes = await readInput(options.fromCsv, io)
  try {
    const decoded = decodeText(bytes)
    if ('problem' in decoded) throw new Error(`it ${decoded.problem}`)
    return readSheet(decoded.text, options)
  } catch (error) {
    throw new CliError(`the spreadsheet ${options.fromCsv} cannot be used: ${problemOf(error)}`, EXIT.failedCheck)
  }
}

async function signRows(
  rows: readonly SheetRow[],
  catalog: Catalog,
  ledger: Ledger,
  now: Instant,
  signer: Signer,
): Promise<Outcome> {
  const { drafts, problems, warnings } = lookOver(rows, catalog, ledger, now)
  if (problems.length > 0) return { rows: [], problems, warnings }
  const signed: SignedRow[] = []
  for (const { row, draft } of drafts) {
    const { line, options } = row
    const result = await signDraft(draft, options.customField, signer)
    if ('problem' in result) {
      problems.push({ line, message: result.problem })
      continue
    }
    warnings.push(...result.warnings.map((message) => ({ line, message })))
    signed.push({ row, draft, signed: result, file: row.file ?? nameOf(result) })
  }
  problems.push(...sameTwice(signed))
  return { rows: signed, problems, warnings }
}

/** Every row is looked at with those above it as if they were issued already. */
function lookOver(rows: readonly SheetRow[], catalog: Catalog, ledger: Ledger, now: Instant) {
  const drafts: DraftRow[] = []
  const problems: Remark[] = []
  const warnings: Remark[] = []
  for (const row of rows) {
    const { line } = row
    const named = row.problems.length > 0 ? { problems: row.problems } : orderOf(row.options, catalog)
    if ('problems' in named) {
      problems.push(...named.problems.map((message) => ({ line, message })))
      continue
    }
    const { order, plan } = named
    const issued = [...licensesOf(ledger), ...drafts.map(({ draft }) => draft.claims)]
    const draft = draftOf(order, { catalog, plan, now, issued })
    const advice = lint(draft)
    problems.push(...advice.problems.map((message) => ({ line, message })))
    warnings.push(...advice.warnings.map((message) => ({ line, message })))
    drafts.push({ row, draft })
  }
  return { drafts, problems, warnings }
}

/** `acme-corp-lic-0a1b2c.lic` */
function nameOf({ entry: { organization, licenseId } }: SignedLicense): string {
  const parts = [organization, licenseId].map((part) => part.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '-'))
  return `${parts.join('-').replaceAll(/^-|-$/g, '').slice(0, 120)}.lic`
}

/** Licenses that are named after their content are the same where it is. */
function sameTwice(rows: readonly SignedRow[]): Remark[] {
  const ids = rows.map(({ signed }) => signed.entry.licenseId)
  const names = rows.map(({ file }) => file.toLowerCase())
  return rows.flatMap(({ row: { line }, signed, file }, index) => {
    if (ids.indexOf(signed.entry.licenseId) < index)
      return [{ line, message: 'a row above makes just the same license' }]
    const isNew = names.indexOf(file.toLowerCase()) === index
    return isNew ? [] : [{ line, message: `the file ${file} is named in a row above already` }]
  })
}

async function stage(out: string, rows: readonly SignedRow[]) {
  const files = rows.map(({ file, signed }) => ({ name: file, content: signed.text }))
  return stageFolder(out, files, OWNER_ONLY).catch((error: unknown) => {
    throw new CliError(`cannot write the folder ${out}: ${fileProblem(error)}; name a new one with --out`)
  })
}

function report(io: Io, { rows, problems, warnings }: Outcome, { out, output, dryRun }: IssueOptions): void {
  const licenses = rows.map(({ row, draft, signed, file }) => ({
    line: row.line,
    organization: draft.claims.organization,
    plan: draft.plan.name,
    licenseId: signed.entry.licenseId,
    expiresAt: formatInstant(draft.claims.expiresAt),
    file,
  }))
  const issued = problems.length === 0 ? licenses : []
  print(io, output, { folder: out, licenses: issued, problems, warnings }, () => {
    if (problems.length > 0) return remarks('PROBLEM', problems) + remarks('WARNING', warnings)
    const head = ['LINE', 'ORGANIZATION', 'PLAN', 'LICENSE', 'UNTIL', 'FILE'].map((title) => styled('bold', title))
    const lines = rows.map(({ row, draft: { claims, plan }, signed, file }) => [
      String(row.line),
      claims.organization,
      plan.title,
      signed.entry.licenseId,
      describeEnd(claims.expiresAt),
      file,
    ])
    return columns([head, ...lines]) + remarks('WARNING', warnings)
  })
  if (dryRun === true) io.stderr('Nothing was written.\n')
}

function remarks(title: string, found: readonly Remark[]): string {
  if (found.length === 0) return ''
  const lines = found.toSorted((a, b) => a.line - b.line).map(({ line, message }) => [String(line), message])
  return columns([['LINE', title].map((cell) => styled('bold', cell)), ...lines])
}
