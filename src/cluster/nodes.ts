// A Node of 11 KB shrinks to what the decision needs of it, some 400 bytes, while it is read.

import type { NodeFacts } from '../domain/cluster/node-facts.ts'
import { isAskedFor, VALUED_LABELS } from '../domain/cluster/signals.ts'
import { parseInstant } from '../domain/instant.ts'
import { type Message, message, messages, OBJECT_META, text, time } from '../kube/protobuf.ts'
import type { ObjectMeta } from './objects.ts'

interface RawNode {
  readonly metadata: ObjectMeta & { readonly managedFields?: readonly { readonly manager?: string }[] }
  readonly spec?: { readonly providerID?: string; readonly taints?: readonly { readonly key: string }[] }
  readonly status?: {
    readonly nodeInfo?: Readonly<Record<string, string>>
    readonly addresses?: readonly { readonly type: string }[]
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly lastTransitionTime?: string
    }[]
  }
}

/** The same in Protobuf: the numbers are those of Kubernetes' `core/v1`. */
export const NODE_MESSAGE: Message = {
  1: message('metadata', OBJECT_META),
  2: message('spec', { 3: text('providerID'), 5: messages('taints', { 1: text('key') }) }),
  3: message('status', {
    4: messages('conditions', { 1: text('type'), 2: text('status'), 4: time('lastTransitionTime') }),
    5: messages('addresses', { 1: text('type') }),
    7: message('nodeInfo', {
      1: text('machineID'),
      2: text('systemUUID'),
      3: text('bootID'),
      4: text('kernelVersion'),
      5: text('osImage'),
      6: text('containerRuntimeVersion'),
      7: text('kubeletVersion'),
    }),
  }),
}

const INSTANCE_TYPES = ['node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type']
const HOSTNAME = 'kubernetes.io/hostname'
const KWOK_ANNOTATION = 'kwok.x-k8s.io/node'
const VIRTUAL_KUBELET_TAINT = 'virtual-kubelet.io/provider'
// The programs that a kubelet is part of, as the API server names those who write to a Node.
const KUBELETS = /^(?:kubelet|k3s|rke2|k0s|kubelite|hyperkube)/
const RANDOM_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

export function projectNode(raw: unknown): NodeFacts {
  const { metadata, spec, status } = raw as RawNode
  const labels = metadata.labels ?? {}
  const annotations = metadata.annotations ?? {}
  const nodeInfo = status?.nodeInfo ?? {}
  const marked = markOf(labels, annotations, spec)
  const { deletionTimestamp } = metadata
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const notReadySince = ready === undefined || ready.status === 'True' ? undefined : (ready.lastTransitionTime ?? '')
  return {
    name: metadata.name,
    providerId: spec?.providerID ?? '',
    kubeletVersion: shared(nodeInfo['kubeletVersion']),
    osImage: shared(nodeInfo['osImage']),
    kernelVersion: shared(nodeInfo['kernelVersion']),
    runtime: shared(nodeInfo['containerRuntimeVersion']),
    bootId: nodeInfo['bootID'] ?? '',
    labels: askedFor('labels', labels),
    annotations: askedFor('annotations', annotations),
    instanceType: shared(INSTANCE_TYPES.map((name) => labels[name]).find((value) => value !== undefined)),
    ...(marked === undefined ? {} : { marked }),
    hasKubelet: hasKubelet(metadata, nodeInfo),
    hasHardwareId: hasHardwareId(nodeInfo),
    hasOtherHostname: (labels[HOSTNAME] ?? metadata.name) !== metadata.name,
    hasExternalAddress: status?.addresses?.some(({ type }) => type.startsWith('External')) ?? false,
    ...(deletionTimestamp === undefined ? {} : { deletingSince: parseInstant(deletionTimestamp) ?? 0 }),
    ...(notReadySince === undefined ? {} : { notReadySince: parseInstant(notReadySince) ?? 0 }),
  }
}

function markOf(
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
  spec: RawNode['spec'],
): NodeFacts['marked'] {
  if (KWOK_ANNOTATION in annotations) return 'simulated'
  const isVirtual =
    labels['type'] === 'virtual-kubelet' || spec?.taints?.some(({ key }) => key === VIRTUAL_KUBELET_TAINT)
  return isVirtual === true ? 'virtual' : undefined
}

// The API server writes down who writes to an object, and a kubelet writes every few minutes. Where that is left out, as
// kubectl does, a kubelet is known by the three IDs that it reports of its machine.
function hasKubelet({ managedFields = [] }: RawNode['metadata'], nodeInfo: Readonly<Record<string, string>>): boolean {
  if (managedFields.length > 0) return managedFields.some(({ manager = '' }) => KUBELETS.test(manager))
  return ['bootID', 'machineID', 'systemUUID'].every((id) => (nodeInfo[id] ?? '') !== '')
}

// A container of Kind gets a machine ID and a system UUID at random. A virtual machine has its machine ID from the UUID
// that the hypervisor gave it, and a vendor's UUIDs are not random.
function hasHardwareId({ machineID = '', systemUUID = '' }: Readonly<Record<string, string>>): boolean {
  if (!systemUUID.includes('-')) return false
  return systemUUID.replaceAll('-', '').toLowerCase() === machineID.toLowerCase() || !RANDOM_UUID.test(systemUUID)
}

// 15,000 nodes show the same few versions and the same few sets of names: each is kept once.
const MOST_SHARED = 10_000
const sharedTexts = new Map<string, string>()
const sharedLists = new Map<string, readonly string[]>()
const asked = { labels: new Map<string, boolean>(), annotations: new Map<string, boolean>() }

function shared(text = ''): string {
  return remembered(sharedTexts, text, () => text)
}

function askedFor(kind: 'labels' | 'annotations', record: Readonly<Record<string, string>>): readonly string[] {
  const names = Object.keys(record)
    .filter((name) => remembered(asked[kind], name, () => isAskedFor(kind, name)))
    .map((name) => (VALUED_LABELS.has(name) ? `${name}=${record[name]}` : name))
    .toSorted()
  return remembered(sharedLists, names.join(' '), () => names)
}

function remembered<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const known = cache.get(key)
  if (known !== undefined) return known
  if (cache.size >= MOST_SHARED) cache.clear()
  const made = make()
  cache.set(key, made)
  return made
}
