// Where a license file goes in a cluster: into a Secret, and a License that names it unless one does already.

import { API_VERSION } from '../../api/names.ts'
import { type LicenseStatus, readLicenseResource } from '../../api/license.ts'
import { licenses } from '../../api/resources.ts'
import { type Instant, parseInstant } from '../../domain/time.ts'
import { fromNumericDate, isPlausibleDate } from '../../domain/license/numeric-date.ts'
import { isJsonObject } from '../../domain/license/strict-json.ts'
import { decodeUnverified } from '../../domain/license/unverified.ts'
import { list } from '../../domain/text.ts'
import type { Client } from '../../kube/client.ts'
import { isConflict, isInvalid, isNotFound, unlessMissing } from '../../kube/errors.ts'
import { namespaces, secrets } from '../../kube/resource.ts'
import { problemOf } from '../input.ts'
import { CliError, type Io, printable } from '../../terminal/output.ts'

/** What tells this license from others, as the file itself says. */
export interface LicenseIdentity {
  readonly licenseId?: string
  readonly expiresAt?: Instant
}

export interface SecretPlace {
  readonly namespace: string
  readonly name: string
  readonly key: string
}

/** @throws CliError for what is no license file at all */
export function identityOf(bytes: Uint8Array): LicenseIdentity {
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

/** @returns the License that names the Secret, and what was said of it before; none while the CRDs are not installed */
export async function putLicense(
  client: Client,
  bytes: Uint8Array,
  place: SecretPlace,
  dryRun: boolean,
  io: Io,
  signal: AbortSignal,
): Promise<{ readonly license?: string; readonly before: LicenseStatus | undefined }> {
  const found = await licenseFor(client, place, signal)
  await warnOfOtherManagers(client, place, io, signal)
  await putSecret(client, place, Buffer.from(bytes).toString('utf8'), dryRun, signal)
  if (found === 'no CRDs') return { before: undefined }
  if (found !== undefined) return { license: found.name, before: found.status }
  await putResource(client, place.name, place, dryRun, signal)
  return { license: place.name, before: undefined }
}

interface Found {
  readonly name: string
  readonly status?: LicenseStatus
}

/** The License that names the Secret. */
export async function licenseFor(
  client: Client,
  { namespace, name, key }: SecretPlace,
  signal: AbortSignal,
): Promise<Found | undefined | 'no CRDs'> {
  const page = await unlessMissing(client.list(licenses, {}, {}, signal))
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
    if (isImmutable(error)) {
      throw new CliError(
        `the Secret ${namespace}/${name} is immutable and cannot take another license; delete it and install again ` +
          `(kubectl -n ${namespace} delete secret ${name}), or put the license into another one with --secret NAME`,
      )
    }
    if (!isNotFound(error)) throw error
    // The namespace is not there: the license may come before the operator.
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
    await client.apply(namespaces, object, { force: false, dryRun }, signal)
    if (!dryRun) await put()
  }
}

function isImmutable(error: unknown): boolean {
  return isInvalid(error) && /immutable/i.test(error.message)
}

async function putResource(
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
