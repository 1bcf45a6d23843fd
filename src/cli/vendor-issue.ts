// `cto vendor issue`: from options to a signed license file. Names are checked against the catalog, dates against now.

import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { DAY, formatInstant, type Instant } from '../domain/instant.ts'
import { type LicenseClaims, UNLIMITED } from '../domain/license/claims.ts'
import { fromNumericDate, toNumericDate } from '../domain/license/numeric-date.ts'
import { issueLicense } from '../vendor/issue.ts'
import { parseSigningKey, type SigningKey } from '../vendor/signing-key.ts'
import { dateArgument } from './date-argument.ts'
import { fileProblem, problemOf, readInput } from './input.ts'
import { type CatalogNames, unknownName } from './known-names.ts'
import { CliError, EXIT, type Format, formatOption, type Io, print, properties, sentence } from './output.ts'

interface IssueOptions {
  readonly key: string
  readonly plan: string
  readonly organization: string
  readonly expires?: Instant
  readonly days?: number
  readonly notBefore?: Instant
  readonly issuedAt?: Instant
  readonly id?: string
  readonly product: string
  readonly issuer?: string
  readonly maxNodes?: number
  readonly maxAgents?: number
  readonly feature: readonly string[]
  readonly addon: readonly string[]
  readonly clusterUid?: string
  readonly clusterType: readonly string[]
  readonly form: 'jws' | 'json'
  readonly out: string
  readonly output: Format
}

// A license is shown to nobody but its owner; its file is no one else's to read.
const OWNER_ONLY = 0o600

export function issueCommand(io: Io, catalogs: readonly CatalogNames[]): Command {
  return new Command('issue')
    .description('sign a license')
    .requiredOption('--key <file>', 'the private key: a JWK or PKCS#8 PEM file')
    .requiredOption('--plan <plan>', 'the plan, as the catalog names it')
    .requiredOption('--organization <name>', 'who the license is for')
    .requiredOption('--out <file>', 'the license file, or - for standard output')
    .option('--expires <date>', 'the first moment at which it is no longer in force', dateArgument)
    .addOption(new Option('--days <n>', 'how many days it is in force').argParser(positive).conflicts('expires'))
    .option('--not-before <date>', 'when it begins; by default at once', dateArgument)
    .option('--issued-at <date>', 'the date of issue; by default now', dateArgument)
    .option('--id <id>', 'the ID of the license; by default a random one')
    .option('--product <name>', 'the product', catalogs[0]?.name ?? '')
    .option('--issuer <name>', "who issues it; by default the catalog's vendor")
    .option('--max-nodes <n>', "instead of the plan's limit; -1 for unlimited", limit)
    .option('--max-agents <n>', "instead of the plan's limit; -1 for unlimited", limit)
    .option('--feature <name>', "a feature beyond the plan's (repeatable)", collect, [])
    .option('--addon <name>', 'an add-on (repeatable)', collect, [])
    .option('--cluster-uid <uid>', 'the only cluster it is for')
    .option('--cluster-type <type>', 'a type of cluster it is for (repeatable)', collect, [])
    .addOption(new Option('--form <form>', 'the form of the file').choices(['jws', 'json']).default('jws'))
    .addOption(formatOption())
    .action((options: IssueOptions) => issue(io, catalogs, options))
}

async function issue(io: Io, catalogs: readonly CatalogNames[], options: IssueOptions): Promise<void> {
  const catalog = checkNames(catalogs, options)
  const now = io.now()
  const claims = claimsFrom(options, catalog, now)
  const key = await readSigningKey(options.key, io)
  const license = await issueLicense(claims, key, now).catch((error: unknown) => {
    throw new CliError(problemOf(error))
  })
  if (claims.expiresAt <= now) io.stderr(`Warning: this license ended on ${formatInstant(claims.expiresAt)} already.\n`)
  if (options.out === '-') {
    io.stdout(license)
    return
  }
  await writeFile(options.out, license, { mode: OWNER_ONLY }).catch((error: unknown) => {
    throw new CliError(`cannot write ${options.out}: ${fileProblem(error)}`)
  })
  report(io, claims, key, options)
}

function report(io: Io, claims: LicenseClaims, key: SigningKey, { key: keyFile, out, output }: IssueOptions): void {
  const [plan, expiresAt] = [claims.plan, formatInstant(claims.expiresAt)]
  const result = { file: out, licenseId: claims.licenseId, organization: claims.organization, plan, expiresAt }
  print(io, output, { ...result, keyId: key.keyId }, () =>
    properties([
      ['LICENSE', claims.licenseId],
      ['ORGANIZATION', claims.organization],
      ['PLAN', sentence(plan)],
      ['UNTIL', expiresAt],
      ['KEY', key.keyId],
      ['FILE', out],
    ]),
  )
  // That is where keygen puts the public half.
  const trustedKeys = join(dirname(keyFile), 'trusted-keys.json')
  io.stderr(`Next: cto license verify ${out} --trusted-keys ${trustedKeys}\n`)
}

/** @returns the catalog of the product */
function checkNames(catalogs: readonly CatalogNames[], options: IssueOptions): CatalogNames {
  const products = catalogs.map(({ name }) => name)
  const catalog = catalogs.find(({ name }) => name === options.product)
  if (catalog === undefined) throw new CliError(unknownName('product', options.product, products) ?? '', EXIT.usage)
  const problems = [
    unknownName('plan', options.plan, catalog.plans),
    ...options.feature.map((feature) => unknownName('feature', feature, catalog.features)),
    ...options.addon.map((addon) => unknownName('add-on', addon, catalog.addons)),
  ]
  const problem = problems.find((problem) => problem !== undefined)
  if (problem !== undefined) throw new CliError(problem, EXIT.usage)
  return catalog
}

function claimsFrom(options: IssueOptions, catalog: CatalogNames, now: Instant): LicenseClaims {
  const { notBefore, maxNodes, maxAgents, clusterUid, clusterType } = options
  const issuedAt = options.issuedAt ?? fromNumericDate(toNumericDate(now))
  const limits = {
    ...(maxNodes === undefined ? {} : { nodes: maxNodes }),
    ...(maxAgents === undefined ? {} : { agents: maxAgents }),
  }
  const cluster = {
    ...(clusterUid === undefined ? {} : { uid: clusterUid }),
    ...(clusterType.length === 0 ? {} : { types: clusterType }),
  }
  return {
    form: options.form === 'json' ? 'cto-json' : 'jws',
    licenseId: options.id ?? `lic-${randomBytes(8).toString('hex')}`,
    organization: options.organization,
    product: catalog.name,
    plan: options.plan,
    // The JSON form has no place for the issuer; it is an error only to ask for one.
    ...(options.form === 'json' && options.issuer === undefined ? {} : { issuer: options.issuer ?? catalog.vendor }),
    issuedAt,
    ...(notBefore === undefined ? {} : { notBefore }),
    expiresAt: endFrom(options, notBefore ?? issuedAt, now),
    limits,
    features: options.feature,
    addons: options.addon,
    ...(Object.keys(cluster).length === 0 ? {} : { cluster }),
  }
}

/** An end in the past makes sense for a test, and only when it is asked for by its date. */
function endFrom({ expires, days }: IssueOptions, start: Instant, now: Instant): Instant {
  if (expires !== undefined) return expires
  if (days === undefined) throw new CliError('say when the license ends, with --expires or --days', EXIT.usage)
  const end = start + days * DAY
  if (end > now) return end
  throw new CliError(
    `the license would have ended on ${formatInstant(end)} already; if this is meant, say so with --expires`,
    EXIT.usage,
  )
}

async function readSigningKey(path: string, io: Io): Promise<SigningKey> {
  const bytes = await readInput(path, io)
  try {
    return await parseSigningKey(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    throw new CliError(`cannot sign with ${path}: ${problemOf(error)}`)
  }
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1 up.')
  return Number(text)
}

function limit(text: string): number {
  if (!/^(-1|\d{1,10})$/.test(text)) {
    throw new InvalidArgumentError(`Write a whole number from 0 up, or ${UNLIMITED} for unlimited.`)
  }
  return Number(text)
}

function collect(name: string, before: readonly string[]): readonly string[] {
  return [...before, name]
}
