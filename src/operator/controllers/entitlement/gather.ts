// All reading for a decision. Undefined while something is not known yet: nothing is decided on half a view.

import type { License } from '../../../api/license.ts'
import { GROUP } from '../../../api/names.ts'
import { activeConfig } from '../../observed/active-config.ts'
import { ownConfigs, productNamedBy, productOfLicense, productsHere } from '../../observed/belonging.ts'
import { clusterSignals } from '../../observed/cluster-signals.ts'
import type { ClusterIdentity } from '../../observed/identity.ts'
import { type LicenseContent, type LicenseEvidence, offlineName } from '../../observed/license-evidence.ts'
import type { RevocationEvidence } from '../../observed/revocation-evidence.ts'
import type { TrustedClock } from '../../observed/trusted-clock.ts'
import type { SecretKeyReference } from '../../observed/license-secrets.ts'
import type { OwnerRegistry } from '../../observed/agent-owners.ts'
import type { Marks } from '../../observed/hold-record.ts'
import type { Own, Stores } from '../../observed/stores.ts'
import type { Catalog } from '../../../domain/catalog/catalog.ts'
import { detectCluster } from '../../../domain/cluster/detect.ts'
import { type OwnMachine, witnessed } from '../../../domain/cluster/witness.ts'
import { countNodes } from '../../../domain/cluster/node-count.ts'
import type { Facts, LicenseFacts, Memory } from '../../../domain/entitlement/facts.ts'
import type { Instant } from '../../../domain/time.ts'
import { workloadFacts } from './workload-facts.ts'
import { isNotFound, type KubeError } from '../../../kube/errors.ts'
import type { Resource } from '../../../kube/resource.ts'
import { REVOCATION_LIST } from '../../../domain/license/compact-jws.ts'
import { claimedProduct } from '../../../domain/license/unverified.ts'

export interface GatherDeps {
  readonly stores: Stores
  readonly evidence: LicenseEvidence
  readonly revocations: RevocationEvidence
  readonly time: TrustedClock
  /** What is known of the workloads that are held. */
  readonly marks: Marks
  readonly catalog: Catalog
  readonly identity: () => ClusterIdentity | undefined
  readonly agentsNamespace: string
  /** A Secret that is a license by its name alone, where no License names it. */
  readonly offlineSecret: SecretKeyReference
  /** Where the vendor's revocation list is put. */
  readonly revocationSecret: SecretKeyReference
  readonly holdNotice: number
  readonly namesTaken: () => ReadonlySet<string>
  /** Which owners of workloads exist. */
  readonly owners: OwnerRegistry
  /** Told of what belongs to another product and is left alone. */
  readonly onLeft: (kind: string, name: string, product: string) => void
  /** In a pod: what it sees of the machine under it. */
  readonly machine?: OwnMachine
}

export async function gather(deps: GatherDeps, memory: Memory, signal: AbortSignal): Promise<Facts | undefined> {
  const { stores, catalog } = deps
  const identity = deps.identity()
  if (identity === undefined || waitingFor(stores).length > 0) return undefined
  const { now, concern: ofClock } = await deps.time.read(signal)
  const licenses = await licenseFacts(deps, now)
  const list = stores.secrets.read(deps.revocationSecret, REVOCATION_LIST.noun)
  if (licenses === undefined || list === undefined) return undefined
  const ofList = await deps.revocations.look(list, now)
  witnessDates(deps, licenses)
  const revocations = deps.revocations.newest?.list
  const config = activeConfig(ownConfigs(stores, catalog.product))
  return {
    now,
    catalog,
    cluster: witnessed(
      detectCluster(clusterSignals(stores, identity)),
      deps.machine,
      stores.nodes.store.get(deps.machine?.nodeName ?? ''),
    ),
    clusterUid: identity.uid,
    nodes: countNodes(stores.nodeTally, catalog.nodes, now),
    licenses,
    formerLicenses: deps.evidence.replacers().map(({ claims }) => claims),
    ...(revocations === undefined ? {} : { revocations }),
    concerns: [ofClock, ofList].filter((concern) => concern !== undefined),
    ...(config === undefined ? {} : { wanted: config.wanted }),
    agentsNamespace: deps.agentsNamespace,
    configs: ownConfigs(stores, catalog.product).map(({ name, spec }) => ({ name, spec })),
    ...(config === undefined ? {} : { activeConfig: config.name }),
    workloads: workloadFacts(stores, deps, installedAt(stores, catalog.product, now)),
    namesTaken: deps.namesTaken(),
    memory,
    holdNotice: deps.holdNotice,
  }
}

/** What is signed with a date was signed then: that time has passed. */
function witnessDates({ time, evidence, revocations }: GatherDeps, licenses: readonly LicenseFacts[]): void {
  const read = licenses.flatMap(({ claims }) => claims ?? [])
  for (const { issuedAt } of [...read, ...evidence.replacers().map(({ claims }) => claims)]) time.witness(issuedAt)
  if (revocations.newest !== undefined) time.witness(revocations.newest.list.issuedAt)
}

/** The kinds that a decision needs and of which no whole list has been read yet. */
export function waitingFor(stores: Stores): string[] {
  const { nodes, kubeadm, loadBalancers, managedNamespaces, configs, licenses, entitlement, workloads } = stores
  return (
    [nodes, kubeadm, loadBalancers, managedNamespaces, configs, licenses, entitlement, ...workloads]
      .filter(({ store }) => !store.synced)
      .filter(({ target, store }) => !isLacking(target.resource, store.obstacle))
      // They are part of the proof of a type, and of nothing else: who may not see them has no proof, and is not kept waiting.
      .filter((watched) => watched !== loadBalancers || watched.store.obstacle === undefined)
      .map(({ target, store }) => {
        const problem = store.problem === undefined ? '' : ` (${store.problem.message})`
        return `${target.resource.plural}${problem}`
      })
  )
}

/** Since when an operator has governed this cluster: its Entitlement is the first thing that it makes. */
function installedAt({ entitlement }: Stores, product: string, now: Instant): Instant {
  const since = Date.parse(entitlement.store.get(product)?.createdAt ?? '')
  return Number.isNaN(since) ? now : since
}

/** Of a kind that this API server does not have, nothing is there. One of ours is only not installed yet. */
function isLacking({ group }: Resource, obstacle: KubeError | undefined): boolean {
  return group !== GROUP && isNotFound(obstacle)
}

async function licenseFacts(deps: GatherDeps, now: Instant): Promise<LicenseFacts[] | undefined> {
  const { stores, evidence, offlineSecret } = deps
  const licenses = ownLicenses(deps)
  if (licenses === undefined) return undefined
  const naming = licenses.find(({ resource }) => {
    const named = referenceOf(resource)
    return named?.namespace === offlineSecret.namespace && named.name === offlineSecret.name
  })
  const isNamed = naming !== undefined
  const offline = offlineName(offlineSecret.name)
  if (naming !== undefined) evidence.move(offline, naming.resource.name)
  const uids = licenses.map(({ resource }) => [resource.name, resource.uid] as const)
  evidence.keepOnly(new Map([...uids, ...(isNamed ? [] : [[offline, ''] as const])]))

  const facts: LicenseFacts[] = []
  for (const { resource, content } of licenses) {
    facts.push(await evidence.factsOf(resource.name, content, now))
  }
  if (!isNamed) {
    const content = stores.secrets.read(offlineSecret)
    if (content === undefined) return undefined
    const fact = await evidence.factsOf(offline, content, now)
    // One that was never there is not missed.
    if (fact.claims !== undefined || fact.problem?.reason !== 'SecretNotFound') facts.push(fact)
  }
  return facts
}

interface OwnLicense {
  readonly resource: Own<License>
  readonly content: LicenseContent
}

/** The Licenses of our product; undefined while the content of one that may be ours is not known. */
function ownLicenses(deps: GatherDeps): OwnLicense[] | undefined {
  const { stores, catalog, offlineSecret, revocationSecret } = deps
  const own = { product: catalog.product, issuer: catalog.license.jwt?.issuer }
  const products = productsHere(stores, own.product)
  const candidates = stores.licenses.store
    .values()
    .filter((resource) => [own.product, undefined].includes(productNamedBy(resource)))
  const references = candidates.map(referenceOf).filter((reference) => reference !== undefined)
  stores.secrets.watchOnly([...references, offlineSecret, revocationSecret])
  const licenses: OwnLicense[] = []
  for (const resource of candidates) {
    const content = contentOf(resource, stores)
    if (content === undefined) return undefined
    const said = content.kind === 'present' ? claimedProduct(content.text, own) : undefined
    const product = productOfLicense(resource, said, products)
    if (product === own.product) licenses.push({ resource, content })
    else deps.onLeft('License', resource.name, product)
  }
  return licenses
}

function referenceOf({ reading }: Own<License>): SecretKeyReference | undefined {
  return reading.kind === 'ok' ? reading.value.spec.secretRef : undefined
}

function contentOf(resource: Own<License>, stores: Stores): LicenseContent | undefined {
  const reference = referenceOf(resource)
  if (reference !== undefined) return stores.secrets.read(reference)
  const message =
    'the license key has not been activated online; put a license file into a Secret and name it in spec.secretRef'
  return { kind: 'absent', reason: 'PendingActivation', message }
}
