// `cto license install`: a license file into the cluster, and what the operator says of it. The first license and every later
// one the same way.

import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { DEFAULT_NAMESPACE } from '../../api/names.ts'
import type { EntitlementStatus } from '../../api/entitlement.ts'
import type { LicenseStatus } from '../../api/license.ts'
import { entitlements, licenses } from '../../api/resources.ts'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import { formatInstant, MINUTE, parseInstant, SECOND } from '../../domain/time.ts'
import type { RawObject } from '../../kube/object.ts'
import type { Client } from '../../kube/client.ts'
import { unlessMissing } from '../../kube/errors.ts'
import { builtInCatalog, catalogNames } from '../catalogs.ts'
import { type ClusterOptions, onCluster, withClusterOptions } from '../cluster-options.ts'
import { DEFAULT_PRODUCT } from '../default-product.ts'
import { timeoutOption } from '../duration-argument.ts'
import { readInput, TRUSTED_KEYS_FILE, trustedKeysIfThere } from '../input.ts'
import { foresee } from './foresight.ts'
import { identityOf, type LicenseIdentity, putLicense, type SecretPlace } from './placement.ts'
import { type Verification, verify } from './verify.ts'
import {
  CliError,
  EXIT,
  type Format,
  formatOption,
  type Io,
  print,
  printable,
  properties,
  styled,
} from '../../terminal/output.ts'

interface InstallOptions extends ClusterOptions {
  readonly trustedKeys?: string
  readonly product: string
  readonly namespace: string
  readonly secret?: string
  readonly dryRun?: boolean
  readonly wait: boolean
  readonly timeout: number
  readonly output: Format
}

interface Installation {
  /** Absent for a form of license that has none of its own. */
  readonly licenseId?: string
  readonly secret: string
  /** The License that names the Secret; absent while the CRDs are not installed. */
  readonly license?: string
  readonly dryRun: boolean
  /** What was found before, where the vendor's keys were at hand. */
  readonly verified?: Pick<Verification, 'verdict' | 'reason' | 'message'>
  /** Whether it will count here, as far as that could be told before. */
  readonly foreseen?: { readonly counts: 'now' | 'later'; readonly at?: string; readonly message: string }
  /** What the operator says of the license. */
  readonly judged?: Pick<LicenseStatus, 'state' | 'reason' | 'message'>
  /** What it decides now. */
  readonly decision?: Pick<EntitlementStatus, 'verdict' | 'reason' | 'message'>
}

const LOOK_AGAIN_MS = 200
/** How long a refusal that was there before may stand before it is taken for the answer: the operator needs less. */
const SETTLED_MS = 3 * SECOND

export function installCommand(io: Io): Command {
  return withClusterOptions(new Command('install'))
    .description('put a license file into the cluster, and say what the operator makes of it')
    .argument('<file>', 'the license file, or - for standard input')
    .option('--trusted-keys <file>', "the vendor's public keys: nothing is installed that does not verify")
    .option('--product <name>', 'the product', DEFAULT_PRODUCT)
    .option('--namespace <name>', 'where the Secret goes: where the operator lives', DEFAULT_NAMESPACE)
    .option('--secret <name>', 'the Secret; by default the one of the product, such as cto-license')
    .option('--dry-run', 'let the API server check everything and keep nothing')
    .option('--no-wait', 'do not wait for what the operator says')
    .addOption(timeoutOption(MINUTE, '1m'))
    .addOption(formatOption())
    .action(async (file: string, options: InstallOptions) => {
      const installation = await install(await readInput(file, io), options, io)
      print(io, options.output, installation, () => screen(installation))
      const code = exitCodeOf(installation)
      if (code !== EXIT.ok) throw new CliError('', code)
    })
}

async function install(bytes: Uint8Array, options: InstallOptions, io: Io): Promise<Installation> {
  const { namespace, product, dryRun = false } = options
  const catalog = builtInCatalog(product)
  const identity = identityOf(bytes)
  const verified = await verifiedBefore(bytes, options, io)
  const { name: defaultSecret, key } = catalog.license.offlineSecret
  const place = { namespace, name: options.secret ?? defaultSecret, key }
  return onCluster(options, async (client) => {
    const signal = AbortSignal.timeout(options.timeout + MINUTE)
    const foreseen = await foreseenUse(client, bytes, catalog, place, io, signal)
    const { license, before } = await putLicense(client, bytes, place, dryRun, io, signal)
    const { licenseId } = identity
    const id = licenseId === undefined ? {} : { licenseId }
    const done = { ...id, secret: `${namespace}/${place.name}`, dryRun, ...verified, ...foreseen }
    if (license === undefined) {
      io.stderr('The CRDs are not installed: the operator will judge the license when it runs.\n')
      return done
    }
    const installed = { ...done, license }
    if (dryRun || !options.wait) return installed
    if ((await decision(client, product, signal)) === undefined) {
      io.stderr('The operator has not run yet: it will judge the license when it does.\n')
      return installed
    }
    const judged = await judgement(client, license, identity, before, options.timeout)
    const { verdict, reason, message } = (await decision(client, product, signal)) ?? {}
    return {
      ...installed,
      judged: { state: judged.state, reason: judged.reason, message: judged.message },
      ...(verdict === undefined || reason === undefined || message === undefined
        ? {}
        : { decision: { verdict, reason, message } }),
    }
  })
}

/** @throws CliError for a license that would never count here: what is there now stays there */
async function foreseenUse(
  client: Client,
  bytes: Uint8Array,
  catalog: Catalog,
  place: SecretPlace,
  io: Io,
  signal: AbortSignal,
): Promise<Pick<Installation, 'foreseen'>> {
  const prospect = await foresee(client, bytes, catalog, place, io.now(), signal)
  if (prospect === undefined) return {}
  const { counts, message } = prospect
  if (counts === 'never') throw new CliError(`nothing was installed: ${printable(message)}`, EXIT.failedCheck)
  return { foreseen: { counts, ...(counts === 'later' ? { at: formatInstant(prospect.at) } : {}), message } }
}

/** @throws CliError for a license that the operator would refuse, where the keys to tell are at hand */
async function verifiedBefore(
  bytes: Uint8Array,
  { trustedKeys, product }: InstallOptions,
  io: Io,
): Promise<Pick<Installation, 'verified'>> {
  if ((await trustedKeysIfThere(trustedKeys, io)) === undefined) {
    io.stderr("Not verified here: the vendor's keys are not at hand (--trusted-keys); the operator verifies it.\n")
    return {}
  }
  const names = [catalogNames(builtInCatalog(product))]
  const options = { trustedKeys: trustedKeys ?? TRUSTED_KEYS_FILE, product }
  const { verdict, reason, message } = await verify(io, names, bytes, options)
  // One that begins later is installed now, and takes effect by itself.
  if (verdict !== 'Valid' && verdict !== 'Future')
    throw new CliError(`nothing was installed: ${reason}: ${message}`, EXIT.failedCheck)
  return { verified: { verdict, reason, message } }
}

async function decision(client: Client, product: string, signal: AbortSignal): Promise<EntitlementStatus | undefined> {
  const object = await unlessMissing(client.get(entitlements, { name: product }, signal))
  return object?.['status'] as EntitlementStatus | undefined
}

async function judgement(
  client: Client,
  name: string,
  identity: LicenseIdentity,
  before: LicenseStatus | undefined,
  timeout: number,
): Promise<LicenseStatus> {
  const began = performance.now()
  for (;;) {
    const object: RawObject = await client.get(licenses, { name }, AbortSignal.timeout(timeout))
    const status = object['status'] as LicenseStatus | undefined
    const waited = performance.now() - began
    if (status !== undefined && isJudgementOf(status, identity, before, waited)) return status
    if (waited > timeout)
      throw new CliError('the license is installed, but the operator has not judged it; cto check says whether it runs')
    await sleep(LOOK_AGAIN_MS)
  }
}

function isJudgementOf(
  status: LicenseStatus,
  { licenseId, expiresAt }: LicenseIdentity,
  before: LicenseStatus | undefined,
  waited: number,
): boolean {
  const isAuthentic = status.conditions.some(({ type, status }) => type === 'Authentic' && status === 'True')
  if (isAuthentic) {
    const isSame = licenseId === undefined || status.licenseId === licenseId
    return isSame && parseInstant(status.expiresAt) === expiresAt
  }
  // Of a file that is refused nothing is told that would tell it from another: what is new is about this one.
  return status.state !== before?.state || status.message !== before.message || waited > SETTLED_MS
}

function exitCodeOf({ judged, foreseen }: Installation): (typeof EXIT)[keyof typeof EXIT] {
  const state = judged?.state ?? (foreseen?.counts === 'later' ? 'Future' : 'Valid')
  if (state === 'Valid') return EXIT.ok
  const waits = state === 'Future' || (state === 'Superseded' && judged?.reason !== 'Replaced')
  return waits ? EXIT.warning : EXIT.failedCheck
}

function screen(installation: Installation): string {
  const { licenseId, secret, license, dryRun, verified, foreseen, judged, decision } = installation
  const colour = judged?.state === 'Valid' ? 'green' : 'yellow'
  const rows: [string, string][] = [
    ...(licenseId === undefined ? [] : [['LICENSE ID', printable(licenseId)] satisfies [string, string]]),
    ['SECRET', secret],
    ...(license === undefined ? [] : [['LICENSE', license] satisfies [string, string]]),
    ...(verified === undefined ? [] : [['VERIFIED', printable(verified.message)] satisfies [string, string]]),
    ...(foreseen?.at === undefined || judged !== undefined
      ? []
      : [['COUNTS FROM', `${foreseen.at}: ${printable(foreseen.message)}`] satisfies [string, string]]),
    ...(judged === undefined
      ? []
      : [
          ['OPERATOR SAYS', `${styled(colour, judged.state)}: ${printable(judged.message)}`] satisfies [string, string],
        ]),
    ...(decision === undefined
      ? []
      : [['DECISION', `${decision.verdict}: ${printable(decision.message)}`] satisfies [string, string]]),
  ]
  return `${dryRun ? 'Nothing was kept (--dry-run)\n' : ''}${properties(rows)}`
}
