// What a license file will do in a cluster, before it is put there: the operator's own decision, on what it has published and
// on the evidence that it keeps. The file need not be verified for that: whatever it says of itself against its use holds in
// any case.

import type { EntitlementStatus } from '../../api/entitlement.ts'
import type { LicenseStatus } from '../../api/license.ts'
import { entitlements, licenses } from '../../api/resources.ts'
import { vaultName } from '../../api/names.ts'
import { evidenceIn, type KeptEvidence } from '../../operator/observed/evidence-vault.ts'
import { offlineName, shortName } from '../../operator/observed/license-evidence.ts'
import { projectSecret } from '../../operator/observed/license-secrets.ts'
import type { Catalog } from '../../domain/catalog/catalog.ts'
import { UNKNOWN } from '../../domain/cluster/cluster-type.ts'
import { type Facts, type LicenseFacts, NO_MEMORY } from '../../domain/entitlement/facts.ts'
import { HOUR, type Instant } from '../../domain/time.ts'
import { clusterTypesOf, isUsableNow } from '../../domain/entitlement/license-standing.ts'
import { type Prospect, prospectOf } from '../../domain/entitlement/license-prospect.ts'
import type { LicenseClaims } from '../../domain/license/claims.ts'
import { unverifiedClaims } from '../../domain/license/unverified.ts'
import { publishedLicense } from '../status/published-license.ts'
import type { Client } from '../../kube/client.ts'
import { isForbidden, unlessMissing } from '../../kube/errors.ts'
import { namespaces, secrets } from '../../kube/resource.ts'
import { licenseFor, type SecretPlace } from './placement.ts'

interface Here {
  readonly status: EntitlementStatus | undefined
  readonly clusterUid: string
  readonly evidence: KeptEvidence
  /** What the operator calls the place of the license. */
  readonly place: string
  /** The License that the decision rests on, if it holds that license still. */
  readonly inUse: string | undefined
}

/** Undefined where nothing can be said before the operator has. */
export async function foresee(
  client: Client,
  file: Uint8Array | string,
  catalog: Catalog,
  place: SecretPlace,
  now: Instant,
  signal: AbortSignal,
): Promise<Prospect | undefined> {
  const read = (text: Uint8Array | string) => {
    const plans = catalog.plans.map((plan) => plan.name)
    return unverifiedClaims(text, { product: catalog.product, plans, jwt: catalog.license.jwt, now })
  }
  const said = read(file)
  // An operator that is newer than this program may know the plan.
  if ('reason' in said) return said.reason === 'UnknownPlan' ? undefined : { counts: 'never', message: said.message }
  const claimsOf = (text: string) => {
    const kept = read(text)
    return 'claims' in kept ? [kept.claims] : []
  }
  const here = await lookAround(client, catalog, place, signal)
  const facts = factsWith(said.claims, here, claimsOf, catalog, now)
  if (isInForceAlready(said.claims, here.status, facts)) return { counts: 'now', message: 'it is in force already' }
  const prospect = prospectOf(here.place, facts)
  if (prospect.counts !== 'never' || !isUsableNow(said.claims, facts)) return prospect
  const other = here.inUse ?? here.place
  if (other === offlineName(place.name)) return prospect
  // In this order: the Secret of that name is a license without any License, too, and is missed for a while.
  const way = `to go by this one all the same, delete its Secret, and then License ${other}, and install again`
  return { ...prospect, message: `${prospect.message}; ${way}` }
}

async function lookAround(client: Client, catalog: Catalog, place: SecretPlace, signal: AbortSignal): Promise<Here> {
  const { product } = catalog
  const { namespace } = place
  const [entitlement, found, list, kept, kubeSystem] = await Promise.all([
    unlessMissing(client.get(entitlements, { name: product }, signal)),
    licenseFor(client, place, signal),
    unlessMissing(client.list(licenses, {}, {}, signal)),
    readable(client.get(secrets, { namespace, name: vaultName(product) }, signal)),
    readable(client.get(namespaces, { name: 'kube-system' }, signal)),
  ])
  const status = entitlement?.['status'] as EntitlementStatus | undefined
  const inUse = (list?.items ?? []).find((item) => {
    const { conditions = [] } = (item['status'] ?? {}) as Partial<LicenseStatus>
    return conditions.some((one) => one.type === 'InUse' && one.status === 'True')
  })
  return {
    status,
    clusterUid: status?.cluster.uid ?? kubeSystem?.metadata.uid ?? '',
    evidence: evidenceIn(kept === undefined ? {} : projectSecret(kept)),
    place: typeof found === 'object' ? found.name : offlineName(place.name),
    inUse: inUse?.metadata.name,
  }
}

/** Undefined, too, where it may not be read: then less is foreseen. */
async function readable<T>(answer: Promise<T>): Promise<T | undefined> {
  return unlessMissing(answer).catch((error: unknown) => {
    if (isForbidden(error)) return undefined
    throw error
  })
}

type ClaimsOf = (text: string) => LicenseClaims[]

/** The cluster as the operator knows it, with the license in its place. */
function factsWith(claims: LicenseClaims, here: Here, claimsOf: ClaimsOf, catalog: Catalog, now: Instant): Facts {
  const { status, clusterUid, evidence } = here
  const facts: Facts = {
    now,
    catalog,
    cluster: { type: UNKNOWN, platform: 'unknown', proven: true, confidence: 'high', evidence: [], contradictions: [] },
    clusterUid,
    nodes: { counted: 1, total: 1, excluded: [] },
    licenses: licensesWith(claims, here, claimsOf, catalog),
    formerLicenses: evidence.replacers.flatMap(claimsOf),
    ...revocationsOf(status, catalog, now),
    concerns: [],
    configs: [],
    agentsNamespace: '',
    workloads: [],
    namesTaken: new Set(),
    memory: NO_MEMORY,
    holdNotice: catalog.notice.holdHours * HOUR,
  }
  // Before the first decision nobody knows the type, and nothing is held against the license.
  const type = status?.cluster.type ?? clusterTypesOf(claims, facts)?.[0] ?? UNKNOWN
  return { ...facts, cluster: { ...facts.cluster, type } }
}

/** The list itself is the operator's to believe; what it says of the license in use is known. */
function revocationsOf(
  status: EntitlementStatus | undefined,
  { product }: Catalog,
  now: Instant,
): Pick<Facts, 'revocations'> {
  if (status?.verdict !== 'Revoked' || status.licenseId === undefined) return {}
  return { revocations: { product, version: 1, issuedAt: now, revoked: new Map([[status.licenseId, 0]]) } }
}

function licensesWith(claims: LicenseClaims, here: Here, claimsOf: ClaimsOf, catalog: Catalog): LicenseFacts[] {
  const { status, evidence, place, inUse } = here
  const known = new Map([...evidence.licenses].map(([name, texts]) => [name, texts.flatMap(claimsOf)] as const))
  const used = status?.licenseId
  const isKnown = [...known.values()].flat().some(({ licenseId }) => licenseId === used)
  const published = usedLicense(status, catalog)
  if (published !== undefined && !isKnown) known.set(shortName(inUse ?? place), [published])
  const before = known.get(shortName(place)) ?? []
  const others = [...known].filter(([name]) => name !== shortName(place))
  return [
    // The same license once more takes its own place.
    { name: place, claims, kept: before.filter((one) => !isSame(one, claims)).map((one) => ({ claims: one })) },
    ...others.flatMap(([name, [current, ...kept]]) =>
      current === undefined ? [] : [{ name, claims: current, kept: kept.map((one) => ({ claims: one })) }],
    ),
  ]
}

/** The license that the decision rests on, and not those that follow it. */
function usedLicense(status: EntitlementStatus | undefined, catalog: Catalog): LicenseClaims | undefined {
  if (status?.licenseId === undefined) return undefined
  const { coveredUntil: _, ...alone } = status
  return publishedLicense(alone, catalog)?.claims
}

function isSame(a: LicenseClaims, b: LicenseClaims): boolean {
  return a.licenseId === b.licenseId && a.issuedAt === b.issuedAt && a.expiresAt === b.expiresAt
}

function isInForceAlready(claims: LicenseClaims, status: EntitlementStatus | undefined, facts: Facts): boolean {
  const isUsed = status?.licenseId === claims.licenseId && Date.parse(status.expiresAt ?? '') === claims.expiresAt
  return isUsed && status.verdict !== 'Revoked' && isUsableNow(claims, facts)
}
