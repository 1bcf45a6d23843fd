// `cto vendor catalog`: whether a catalog can be used, and its signature. The rules of a product come into a cluster signed
// or not at all.

import { Command, InvalidArgumentError } from 'commander'
import { checkCatalog } from '../../domain/catalog/catalog.ts'
import { fromNumericDate, toNumericDate } from '../../domain/license/numeric-date.ts'
import { sha256 } from '../../issuing/ledger.ts'
import { nextCatalogVersion, signCatalog } from '../../issuing/sign-catalog.ts'
import { EVERYBODY, stageFile } from '../../files/staged.ts'
import { fileProblem, problemOf, readText, UnreadableText, yamlDocument } from '../input.ts'
import {
  CliError,
  EXIT,
  type Format,
  formatOption,
  type Io,
  print,
  printable,
  properties,
} from '../../terminal/output.ts'
import { endWith, refusal, warn } from './complaint.ts'
import { withLedger } from './ledger-file.ts'
import { addSignerOptions, ledgerOf, readSigner, type SignerOptions } from './signer.ts'

interface SignOptions extends SignerOptions {
  readonly out: string
  readonly catalogVersion?: number
  readonly output: Format
}

export function catalogCommand(io: Io): Command {
  const check = new Command('check')
    .description('say everything that is wrong with a catalog; exit 3 when it cannot be used')
    .argument('<file>', 'the catalog, JSON or YAML, or - for standard input')
    .addOption(formatOption())
    .action((file: string, { output }: { output: Format }) => checkFile(io, file, output))
  const sign = new Command('sign')
    .description('sign a catalog, so that it can be brought into a cluster')
    .argument('<file>', 'the catalog, JSON or YAML, or - for standard input')
    .requiredOption('--out <file>', 'the signed catalog')
    .option(
      '--catalog-version <number>',
      'its version; by default one more than the last in the ledger',
      versionArgument,
    )
  addSignerOptions(sign, 'for catalogs')
    .addOption(formatOption())
    .action((file: string, options: SignOptions) => signFile(io, file, options))
  return new Command('catalog').description('check and sign catalogs').addCommand(check).addCommand(sign)
}

async function checkFile(io: Io, file: string, output: Format): Promise<void> {
  const { catalog, problems, warnings } = checkCatalog(await readData(file, io))
  const product = catalog === undefined ? {} : { product: catalog.product }
  print(io, output, { ...product, problems, warnings }, () => {
    const verdict = catalog === undefined ? [] : [`The catalog of ${catalog.title} can be used.`]
    const lines = [...problems, ...warnings.map((warning) => `warning: ${warning}`), ...verdict]
    return lines.map((line) => `${printable(line)}\n`).join('')
  })
  if (problems.length > 0) throw new CliError(`the catalog ${file} cannot be used`, EXIT.failedCheck)
  endWith(warnings)
}

async function signFile(io: Io, file: string, options: SignOptions): Promise<void> {
  const { out, output } = options
  const data = await readData(file, io)
  const { catalog, problems, warnings } = checkCatalog(data)
  if (catalog === undefined) throw refusal(io, problems, EXIT.failedCheck, `the catalog ${file} cannot be signed`)
  const { key, trusted } = await readSigner(options, io)
  const now = fromNumericDate(toNumericDate(io.now()))
  const { product, vendor } = catalog
  const version = await withLedger(ledgerOf(options), io, async (ledger) => {
    const keys = trusted?.keys ?? key.trust
    const next = nextCatalogVersion(product, ledger)
    const version = options.catalogVersion ?? next
    if (version < next)
      throw new CliError(
        `version ${version} is not above ${next - 1}, the last one of ${product}; operators would refuse it: use ${next}`,
        EXIT.failedCheck,
      )
    const text = await signCatalog(data, version, vendor, key, keys, now).catch((error: unknown) => {
      throw new CliError(`the catalog would be refused: ${problemOf(error)}`, EXIT.failedCheck)
    })
    const staged = await stageFile(out, text, { mode: EVERYBODY, replace: true }).catch((error: unknown) => {
      throw new CliError(`cannot write ${out}: ${fileProblem(error)}`)
    })
    const signed = { keyId: key.keyId, sha256: sha256(text), file: out }
    await ledger.record([{ kind: 'catalog', product, version, ...signed }], staged)
    return version
  })
  warn(io, warnings)
  print(io, output, { product, version, keyId: key.keyId, file: out, warnings }, () =>
    properties([
      ['PRODUCT', product],
      ['VERSION', String(version)],
      ['KEY', key.keyId],
      ['FILE', out],
    ]),
  )
  io.stderr(`Next: cto operator --catalog ${out}\n`)
  endWith(warnings)
}

function versionArgument(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1 up.')
  return Number(text)
}

async function readData(file: string, io: Io): Promise<unknown> {
  const text = await readText(file, io)
  try {
    return yamlDocument(text)
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error
    throw new CliError(`the catalog ${file} ${error.message}${error.detail}`, EXIT.failedCheck)
  }
}
