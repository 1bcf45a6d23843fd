// `cto license install`: a license file into the cluster, and what the operator says of it. The first license and every later
// one the same way.

import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { API_VERSION, DEFAULT_NAMESPACE } from '../api/names.ts'
import type { EntitlementStatus } from '../api/entitlement.ts'
import { type LicenseStatus, readLicenseResource } from '../api/license.ts'
import { entitlements, licenses } from '../api/resources.ts'
import { isJsonObject } from '../domain/license/strict-json.ts'
import { decodeUnverified } from '../domain/license/unverified.ts'
import { fromNumericDate, isPlausibleDate } from '../domain/license/numeric-date.ts'
import { type Instant, MINUTE, parseInstant, SECOND } from '../domain/instant.ts'
import { list } from '../domain/words.ts'
import type { Client, RawObject } from '../kube/client.ts'
import { isConflict, isNotFound } from '../kube/errors.ts'
import { namespaces, secrets } from '../kube/resource.ts'
import { builtInCatalog, catalogNames } from './catalogs.ts'
import { type ClusterOptions, onCluster, withClusterOptions } from './cluster-options.ts'
import { DEFAULT_PRODUCT } from './default-product.ts'
import { durationArgument } from './duration-argument.ts'
import { problemOf, readInput, TRUSTED_KEYS_FILE, trustedKeysIfThere } from './input.ts'
import { type Verification, verify } from './license-verify.ts'
import { CliError, EXIT, type Format, formatOption, type Io, print, printable, properties, styled } from './output.ts'

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
  /** What the operator says of the license. */
  readonly judged?: Pick<LicenseStatus, 'state' | 'reason' | 'message'>
  /** What it decides now. */
  readonly decision?: Pick<EntitlementStatus, 'verdict' | 'reason' | 'message'>
}

/** What tells this license from others, as the file itself says. */
interface Identity {
  readonly licenseId?: string
  readonly expiresAt?: Instant
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
    .option('--timeout <duration>', 'how long to wait', durationArgument, MINUTE)
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
  const name = options.secret ?? defaultSecret
  const text = Buffer.from(bytes).toString('utf8')
  return onCluster(options, async (client) => {
    const signal = AbortSignal.timeout(options.timeout + MINUTE)
    const before = await licenseFor(client, { namespace, name, key }, signal)
    await warnOfOtherManagers(client, { namespace, name, key }, io, signal)
    await putSecret(client, { namespace, name, key }, text, dryRun, signal)
    const license = before === 'no CRDs' ? undefined : (before?.name ?? name)
    if (license !== undefined && before === undefined) {
      await putLicense(client, license, { namespace, name, key }, dryRun, signal)
    }
    const { licenseId } = identity
    const id = licenseId === undefined ? {} : { licenseId }
    const done = { ...id, secret: `${namespace}/${name}`, dryRun, ...verified }
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
    const known = before === 'no CRDs' ? undefined : before?.status
    const judged = await judgement(client, license, identity, known, options.timeout)
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

/** @throws CliError for what is no license file at all */
function identityOf(bytes: Uint8Array): Identity {
  let claims: unknown
  try {
    claims = decodeUnverified(bytes).claims
  } catch (error) {
    throw new CliError(problemOf(error))
  }
  if (!isJsonObject(claims)) throw new CliError('this is not a license file: it claims nothing')
  const { jti, id, exp, expires_at } = claims
  const licenseId = [jti, id].find((one) => typeof one === 'string')
  const end = typeof exp === 'number' && isPlausibleDate(exp) ? fromNumericDate(exp) : undefined
  const expiresAt = end ?? (typeof expires_at === 'string' ? parseInstant(expires_at) : undefined)
  return { ...(licenseId === undefined ? {} : { licenseId }), ...(expiresAt === undefined ? {} : { expiresAt }) }
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
  if (verdict !== 'Valid' && reason !== 'NotYetValid')
    throw new CliError(`nothing was installed: ${reason}: ${message}`, EXIT.failedCheck)
  return { verified: { verdict, reason, message } }
}

interface SecretPlace {
  readonly namespace: string
  readonly name: string
  readonly key: string
}

interface Found {
  readonly name: string
  readonly status?: LicenseStatus
}

/** The License that names the Secret. */
async function licenseFor(
  client: Client,
  { namespace, name, key }: SecretPlace,
  signal: AbortSignal,
): Promise<Found | undefined | 'no CRDs'> {
  const page = await client.list(licenses, {}, {}, signal).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  if (page === undefined) return 'no CRDs'
  const found = (page.items ?? []).find((item) => {
    const reading = readLicenseResource(item)
    const secretRef = reading.kind === 'ok' ? reading.value.spec.secretRef : undefined
    return secretRef?.namespace === namespace && secretRef.name === name && secretRef.key === key
  })
  if (found === undefined) return undefined
  const status = found['status'] as LicenseStatus | undefined
  return { name: found.metadata.name, ...(status === undefined ? {} : { status }) }
}

async function putSecret(
  client: Client,
  { namespace, name, key }: SecretPlace,
  license: string,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<void> {
  const data = { [key]: Buffer.from(license, 'utf8').toString('base64') }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data }
  const put = () => client.apply(secrets, secret, { force: true, dryRun }, signal)
  try {
    await put()
  } catch (error) {
    if (!isNotFound(error)) throw error
    // The namespace is not there: the license may come before the operator.
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
    await client.apply(namespaces, object, { force: false, dryRun }, signal)
    if (!dryRun) await put()
  }
}

async function putLicense(
  client: Client,
  name: string,
  secretRef: SecretPlace,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<void> {
  const license = {
    apiVersion: API_VERSION,
    kind: 'License',
    metadata: { name },
    spec: { secretRef: { ...secretRef } },
  }
  try {
    await client.apply(licenses, license, { force: false, dryRun }, signal)
  } catch (error) {
    if (!isConflict(error)) throw error
    throw new CliError(
      `License ${name} names another Secret, and belongs to somebody else; choose a Secret with --secret`,
    )
  }
}

/** Who else writes the license into this Secret will write the old one again. */
async function warnOfOtherManagers(
  client: Client,
  { namespace, name, key }: SecretPlace,
  io: Io,
  signal: AbortSignal,
): Promise<void> {
  const secret = await client.get(secrets, { namespace, name }, signal).catch(() => undefined)
  const entries = (secret?.metadata['managedFields'] ?? []) as readonly {
    readonly manager?: string
    readonly fieldsV1?: { readonly 'f:data'?: object }
  }[]
  const others = entries
    .filter(({ fieldsV1 }) => Object.hasOwn(fieldsV1?.['f:data'] ?? {}, `f:${key}`))
    .map(({ manager = '' }) => manager)
    .filter((manager) => !/^(cto-cli|kubectl.*|node-fetch)$/.test(manager))
  if (others.length > 0) {
    io.stderr(`Warning: ${printable(list(others))} manages this Secret too, and may put the old license back.\n`)
  }
}

async function decision(client: Client, product: string, signal: AbortSignal): Promise<EntitlementStatus | undefined> {
  const object = await client.get(entitlements, { name: product }, signal).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  return object?.['status'] as EntitlementStatus | undefined
}

async function judgement(
  client: Client,
  name: string,
  identity: Identity,
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
  { licenseId, expiresAt }: Identity,
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

function exitCodeOf({ judged }: Installation): (typeof EXIT)[keyof typeof EXIT] {
  if (judged === undefined || judged.state === 'Valid' || judged.state === 'Future') return EXIT.ok
  return judged.state === 'Superseded' ? EXIT.warning : EXIT.failedCheck
}

function screen({ licenseId, secret, license, dryRun, verified, judged, decision }: Installation): string {
  const colour = judged?.state === 'Valid' ? 'green' : 'yellow'
  const rows: [string, string][] = [
    ...(licenseId === undefined ? [] : [['LICENSE ID', printable(licenseId)] satisfies [string, string]]),
    ['SECRET', secret],
    ...(license === undefined ? [] : [['LICENSE', license] satisfies [string, string]]),
    ...(verified === undefined ? [] : [['VERIFIED', printable(verified.message)] satisfies [string, string]]),
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
