// A Node of 11 KB shrinks to what the decision needs of it, some 300 bytes, while it is read.

import type { NodeFacts } from '../domain/cluster-type.ts'
import type { ObjectMeta } from './objects.ts'

interface RawNode {
  readonly metadata: ObjectMeta
  readonly spec?: { readonly providerID?: string }
  readonly status?: {
    readonly nodeInfo?: { readonly kubeletVersion?: string; readonly osImage?: string; readonly bootID?: string }
  }
}

// Labels and annotations that no vendor sets tell nothing and differ from node to node; they are not kept.
const TELLING =
  /^(?:[a-z0-9-]+\.)*(?:openshift|rke2|k3s|k8s|loft|microk8s|amazonaws|google|azure|digitalocean|linode|oraclecloud|ibm-cloud|harvesterhci|k0sproject|talos|scaleway|vultr|exoscale|civo|kubeadm)[a-z0-9.-]*\//
const COMMON =
  /^(?:beta\.)?kubernetes\.io\/|^node-role\.|^node\.kubernetes\.io\/|^topology\.|^node\.alpha\.|^volumes\.|^csi\./
const INSTANCE_TYPE = 'node.kubernetes.io/instance-type'
const KWOK = 'kwok.x-k8s.io/node'

// 15,000 nodes show the same few sets of names: each set is kept once.
const interned = new Map<string, readonly string[]>()

export function projectNode(raw: unknown): NodeFacts {
  const node = raw as RawNode
  const { labels = {}, annotations = {} } = node.metadata
  const kubeletVersion = node.status?.nodeInfo?.kubeletVersion ?? ''
  return {
    name: node.metadata.name,
    providerId: node.spec?.providerID ?? '',
    kubeletVersion,
    osImage: node.status?.nodeInfo?.osImage ?? '',
    bootId: node.status?.nodeInfo?.bootID ?? '',
    labels: telling(labels),
    annotations: telling(annotations),
    instanceType: labels[INSTANCE_TYPE] ?? '',
    class: KWOK in annotations ? 'simulated' : isVirtual(labels, kubeletVersion) ? 'virtual' : 'real',
    deleting: node.metadata.deletionTimestamp !== undefined,
  }
}

function isVirtual(labels: Readonly<Record<string, string>>, kubeletVersion: string): boolean {
  return labels['type'] === 'virtual-kubelet' || /-vk-|^fake$/.test(kubeletVersion)
}

function telling(record: Readonly<Record<string, string>>): readonly string[] {
  const names = Object.keys(record)
    .filter((name) => TELLING.test(name) && !COMMON.test(name))
    .toSorted()
  const key = names.join(' ')
  const known = interned.get(key)
  if (known !== undefined) return known
  if (interned.size < 1_000) interned.set(key, names)
  return names
}
