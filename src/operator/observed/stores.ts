// Everything that is read of the cluster: one declaration for each watch, and what is kept of what it brings.

import { GUARDIAN, MANAGED_BY, MANAGED_BY_LABEL, MANAGED_LABEL } from '../../api/names.ts'
import { type License, readLicenseResource } from '../../api/license.ts'
import { type PlatformConfig, readPlatformConfig } from '../../api/platform-config.ts'
import { entitlements, licenses, platformConfigs, type Reading } from '../../api/resources.ts'
import type { KubeadmRecord } from '../../domain/cluster/cluster-signals.ts'
import type { NodeFacts } from '../../domain/cluster/node-facts.ts'
import { NodeTally } from '../../domain/cluster/node-inventory.ts'
import type { RawObject } from '../../kube/object.ts'
import type { Client } from '../../kube/client.ts'
import * as kinds from '../../kube/resource.ts'
import { reflect, Store } from '../../kube/store.ts'
import { itemFrom, type WatchTarget } from '../../kube/watcher.ts'
import { vaultName } from '../../api/names.ts'
import type { Instant } from '../../domain/time.ts'
import { LicenseSecrets, projectSecret, type SecretData } from './license-secrets.ts'
import { KUBEADM_CONFIG, LOAD_BALANCERS, projectKubeadm, publicAddressesOf } from './cluster-records.ts'
import { NODE_MESSAGE, projectNode } from './nodes.ts'
import { labelledSince, type ObjectMeta } from '../../kube/object.ts'
import { projectWorkload, type Workload, WORKLOAD_KINDS, workloadResource } from './workloads.ts'

/** One of our own resources: small, and kept whole. */
export interface OwnResource {
  readonly name: string
  readonly uid: string
  readonly generation: number
  readonly createdAt: string
  readonly spec: unknown
  readonly status: unknown
}

/** One of our own that a customer writes, with its spec read once. */
export interface Own<T> extends OwnResource {
  readonly reading: Reading<T>
}

/** An object that the operator keeps as it must be. */
export interface KeptObject {
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

/** A store with the declaration of what fills it. */
export class Watched<T> {
  readonly target: WatchTarget<T>
  readonly store: Store<T>

  constructor(target: WatchTarget<T>, onListenerError: (error: unknown) => void) {
    this.target = target
    this.store = new Store(onListenerError)
  }

  /** Takes in the answer to a write of our own, so that it is not mistaken for somebody else's when the watch brings it. */
  written(raw: RawObject): void {
    this.store.applied(itemFrom(this.target, raw))
  }

  /** The same of a write from which nothing follows here: listeners do not hear of it. */
  published(raw: RawObject): void {
    this.store.applied(itemFrom(this.target, raw), false)
  }
}

export type Stores = ReturnType<typeof declareStores>

export interface StoresOptions {
  readonly product: string
  /** The label that makes a workload governed. */
  readonly label: string
  /** Where the operator itself lives. */
  readonly namespace: string
  readonly agentsNamespace: string
}

export function declareStores(
  { product, label, namespace, agentsNamespace }: StoresOptions,
  onListenerError: (error: unknown) => void,
) {
  const watched = <T>(target: WatchTarget<T>) => new Watched(target, onListenerError)
  const ours = `${MANAGED_BY_LABEL}=${MANAGED_BY}`
  const nodes = watched<NodeFacts>({ resource: kinds.nodes, project: projectNode, protobuf: NODE_MESSAGE })
  const nodeTally = new NodeTally()
  nodes.store.onChange((_name, before, after) => nodeTally.change(before, after))
  return {
    nodes,
    /** All nodes as numbers. */
    nodeTally,
    kubeadm: watched<KubeadmRecord>({
      resource: kinds.configMaps,
      namespace: KUBEADM_CONFIG.namespace,
      fieldSelector: `metadata.name=${KUBEADM_CONFIG.name}`,
      project: projectKubeadm,
    }),
    /** The public addresses of those load balancers that have some. */
    loadBalancers: watched<readonly string[]>({
      resource: kinds.services,
      fieldSelector: LOAD_BALANCERS,
      project: publicAddressesOf,
    }),
    /** Governed namespaces, and since when each has been one. */
    managedNamespaces: watched<Instant>({
      resource: kinds.namespaces,
      labelSelector: `${MANAGED_LABEL}=true`,
      project: (raw) => labelledSince(raw, MANAGED_LABEL),
    }),
    configs: watched<Own<PlatformConfig>>({
      resource: platformConfigs,
      project: (raw) => ({ ...projectOwn(raw), reading: readPlatformConfig(raw) }),
    }),
    licenses: watched<Own<License>>({
      resource: licenses,
      project: (raw) => ({ ...projectOwn(raw), reading: readLicenseResource(raw) }),
    }),
    /** Ours, and of those of other products that they are there. */
    entitlement: watched<OwnResource>({
      resource: entitlements,
      project: (raw) => {
        const entitlement = projectOwn(raw)
        return entitlement.name === product
          ? entitlement
          : { ...entitlement, generation: 0, spec: {}, status: undefined }
      },
    }),
    workloads: WORKLOAD_KINDS.map((kind) =>
      watched<Workload>({
        resource: workloadResource(kind),
        labelSelector: label,
        project: (raw) => projectWorkload(kind, label, raw),
      }),
    ),
    guardianBinding: watched<KeptObject>({
      resource: kinds.roleBindings,
      namespace: agentsNamespace,
      // By name and not by our label: one that lost the label gives the same rights.
      fieldSelector: `metadata.name=${GUARDIAN}`,
      project: projectKept,
    }),
    policies: watched<KeptObject>({ resource: kinds.admissionPolicies, labelSelector: ours, project: projectKept }),
    policyBindings: watched<KeptObject>({
      resource: kinds.admissionPolicyBindings,
      labelSelector: ours,
      project: projectKept,
    }),
    /** What the operator keeps of the evidence for a restart. */
    evidence: watched<SecretData>({
      resource: kinds.secrets,
      namespace,
      fieldSelector: `metadata.name=${vaultName(product)}`,
      project: projectSecret,
    }),
    secrets: new LicenseSecrets(onListenerError),
  }
}

/** All watches but the Secrets', which come and go with the Licenses. */
export function allWatched(stores: Stores): Watched<unknown>[] {
  const { secrets: _, nodeTally: __, workloads, ...single } = stores
  return [...Object.values(single), ...workloads] as unknown as Watched<unknown>[]
}

/** The watches of what only an API server with ValidatingAdmissionPolicies has. */
export function policyStores({ policies, policyBindings }: Stores): ReadonlySet<unknown> {
  return new Set([policies, policyBindings])
}

/** Fills the stores until the signal aborts. */
export async function runStores(
  client: Client,
  stores: Stores,
  except: ReadonlySet<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const running = allWatched(stores)
    .filter((one) => !except.has(one))
    .map((one) => reflect(client, one.target, one.store, signal))
  await Promise.all([...running, stores.secrets.run(client, signal)])
}

export function projectOwn(raw: unknown): OwnResource {
  const { metadata, spec, status } = raw as { metadata: ObjectMeta; spec?: unknown; status?: unknown }
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    createdAt: metadata.creationTimestamp ?? '',
    spec: spec ?? {},
    status,
  }
}

export function projectKept(raw: unknown): KeptObject {
  const { apiVersion: _, kind: __, metadata, ...body } = raw as { metadata: ObjectMeta; [field: string]: unknown }
  const { status: ___, ...rest } = body
  return { uid: metadata.uid ?? '', labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {}, body: rest }
}
