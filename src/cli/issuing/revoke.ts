// `cto vendor revoke`: the next revocation list, with more licenses on it. It only ever grows, and its version only ever
// goes up: customers apply it like a license, and the operator takes none that is older than what it knows.

import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { DEFAULT_NAMESPACE, REVOCATIONS_KEY } from '../../api/names.ts'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import { formatInstant, HOUR, type Instant } from '../../domain/time.ts'
import { fromNumericDate, toNumericDate } from '../../domain/license/numeric-date.ts'
import { readRevocationList, type RevocationList } from '../../domain/license/revocation-list.ts'
import type { TrustedKeys } from '../../domain/license/trusted-keys.ts'
import { type Ledger, licensesOf, sha256 } from '../../issuing/ledger.ts'
import { type NextList, nextRevocationList, type Revocation, signRevocationList } from '../../issuing/revocations.ts'
import { EVERYBODY, stageFile } from '../../files/staged.ts'
import { dateArgument } from '../date-argument.ts'
import { fileProblem, problemOf } from '../input.ts'
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
import { refusal } from './complaint.ts'
import { type HeldLedger, readLedger, withLedger } from './ledger-file.ts'
import { findLicense } from './named-license.ts'
import { catalogOf } from './product.ts'
import { addSignerOptions, ledgerOf, readSigner, type SignerOptions } from './signer.ts'
import type { Signer } from './signed-license.ts'

interface RevokeOptions extends SignerOptions {
  readonly license?: readonly string[]
  readonly at?: Instant
  readonly reason?: string
  readonly list: string
  readonly product: string
  readonly force?: boolean
  readonly dryRun?: boolean
  readonly output: Format
}

/** All that the next list follows from. */
interface Revoking {
  readonly catalog: Catalog
  readonly signer: Signer
  readonly options: RevokeOptions
  readonly before: RevocationList | undefined
  /** In whole seconds. */
  readonly now: Instant
}

export function revokeCommand(io: Io, catalogs: readonly Catalog[]): Command {
  const command = new Command('revoke')
    .description('put licenses on the revocation list; without any, sign it anew with another key')
    .requiredOption('--list <file>', 'the revocation list: the one before, and then the new one')
    .option('--license <id|file...>', 'a license, by its ID or its file (repeatable)')
    .option('--at <date>', 'from when on it is revoked; by default now', dateArgument)
    .option('--reason <text>', 'why; it is kept in the ledger, and not told to the customer')
    .option('--product <name>', 'the product', catalogs[0]?.product ?? '')
    .option('--force', 'also revoke licenses that are not in the ledger')
    .option('--dry-run', 'show what would change, and write nothing')
  return addSignerOptions(command, 'for revocations')
    .addOption(formatOption())
    .action(async (options: RevokeOptions) => {
      const catalog = catalogOf(catalogs, options.product)
      const signer = await readSigner(options, io)
      const now = fromNumericDate(toNumericDate(io.now()))
      const before = await listBefore(signer, catalog, options, now)
      await revoke(io, { catalog, signer, options, before, now })
    })
}

async function revoke(io: Io, revoking: Revoking): Promise<void> {
  const { options } = revoking
  const path = ledgerOf(options)
  if (options.dryRun === true) {
    const ledger = await readLedger(path)
    report(io, revoking, ledger, await planned(io, revoking, ledger))
    io.stderr('Nothing was written.\n')
    return
  }
  await withLedger(path, io, async (ledger) => {
    const next = await planned(io, revoking, ledger)
    if (next.isChanged) await write(revoking, ledger, next)
    report(io, revoking, ledger, next)
    io.stderr(next.isChanged ? applyWith(revoking) : `${options.list} stays as it is: all of that is on it already.\n`)
  })
}

async function planned(io: Io, { catalog, options, before, now }: Revoking, ledger: Ledger): Promise<NextList> {
  const { product } = catalog
  const isKnown = ledger.lines.some((line) => line.kind === 'revocation-list' && line.product === product)
  if (before === undefined && isKnown) {
    io.stderr(`Warning: ${options.list} is not there; the list is made anew from the ledger.\n`)
  }
  const wanted = await wantedOf(io, product, options, ledger, now)
  const next = nextRevocationList(product, before, ledger, wanted, now)
  // Without a license, it is the signature that is to be new.
  return { ...next, isChanged: next.isChanged || options.license === undefined }
}

async function wantedOf(
  io: Io,
  product: string,
  { license: names = [], force = false, at, reason }: RevokeOptions,
  ledger: Ledger,
  now: Instant,
): Promise<Revocation[]> {
  const problems: string[] = []
  const wanted = new Map<string, Revocation>()
  for (const name of names) {
    const found = await findLicense(name, licensesOf(ledger), force)
    if ('problem' in found) {
      problems.push(found.problem)
      continue
    }
    const { licenseId, entry } = found
    if (entry !== undefined && entry.product !== product) {
      problems.push(`the license ${licenseId} is for the product ${entry.product}; name it with --product`)
    }
    wanted.set(licenseId, { licenseId, at: at ?? now, ...(reason === undefined ? {} : { reason }) })
  }
  if (problems.length > 0) throw refusal(io, problems, EXIT.failedCheck, 'nothing was revoked')
  return [...wanted.values()]
}

/** The list that is there. @throws CliError when it is not one of ours */
async function listBefore(
  { key, trusted }: Signer,
  { product }: Catalog,
  { list }: RevokeOptions,
  now: Instant,
): Promise<RevocationList | undefined> {
  const file = await readFile(list).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new CliError(`cannot read ${list}: ${fileProblem(error)}`)
  })
  if (file === undefined) return undefined
  // The list may be signed by the key before this one.
  const keys: TrustedKeys = new Map([...key.trust, ...(trusted?.keys ?? [])])
  const read = await readRevocationList(file, { keys, product, now })
  if (read.kind === 'authentic') return read.list
  const cure = 'move the file away, and the list is made anew from the ledger'
  throw new CliError(`the list ${list} cannot be continued: ${read.message}; ${cure}`, EXIT.failedCheck)
}

async function write({ catalog, signer, options }: Revoking, ledger: HeldLedger, next: NextList): Promise<void> {
  const { key, trusted } = signer
  const { list: file } = options
  let text: string
  try {
    text = await signRevocationList(next.list, catalog.vendor, key, trusted?.keys ?? key.trust)
  } catch (error) {
    throw new CliError(problemOf(error), EXIT.failedCheck)
  }
  const staged = await stageFile(file, text, { mode: EVERYBODY, replace: true }).catch((error: unknown) => {
    throw new CliError(`cannot write ${file}: ${fileProblem(error)}`)
  })
  const { product, version } = next.list
  const signed = { keyId: key.keyId, sha256: sha256(text), file }
  await ledger.record([{ kind: 'revocation-list', product, version, revoked: [...next.added], ...signed }], staged)
}

function report(io: Io, { catalog, options, before }: Revoking, ledger: Ledger, next: NextList): void {
  const { added, isChanged } = next
  const list = before === undefined || isChanged ? next.list : before
  const licenses = new Map(licensesOf(ledger).map((entry) => [entry.licenseId, entry]))
  const isNew = new Set(added.map(({ licenseId }) => licenseId))
  const revoked = [...list.revoked].map(([licenseId, at]) => {
    const entry = licenses.get(licenseId)
    const notice = (entry?.revocationNoticeHours ?? catalog.notice.revocationHours) * HOUR
    return {
      licenseId,
      ...(entry === undefined ? {} : { organization: entry.organization }),
      revokedAt: formatInstant(at),
      effectiveAt: formatInstant(at + notice),
      new: isNew.has(licenseId),
    }
  })
  const { product, version } = list
  print(io, options.output, { list: options.list, product, version, revoked }, () => {
    const rows = revoked.map((row) => [
      printable(row.licenseId),
      printable(row.organization ?? 'not in the ledger'),
      row.revokedAt,
      row.effectiveAt,
      row.new ? 'new' : '',
    ])
    const head = ['LICENSE', 'ORGANIZATION', 'REVOKED', 'EFFECTIVE', ''].map((title) => styled('bold', title))
    const about = properties([
      ['LIST', options.list],
      ['PRODUCT', product],
      ['VERSION', String(version)],
    ])
    return `${about}\n${columns([head, ...rows])}`
  })
}

function applyWith({ catalog: { product }, options: { list } }: Revoking): string {
  return [
    `Customers apply ${list} with:`,
    `  kubectl create secret generic ${product}-revocations -n ${DEFAULT_NAMESPACE} --from-file=${REVOCATIONS_KEY}=${list} --dry-run=client -o yaml | kubectl apply -f -`,
    '',
  ].join('\n')
}
