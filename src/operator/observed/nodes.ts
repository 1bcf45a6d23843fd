// A Node of 11 KB shrinks to what the decision needs of it, some 400 bytes, while it is read.

import type { NodeFacts } from '../../domain/cluster/node-facts.ts'
import { isKindId } from '../../domain/cluster/kind-node.ts'
import { isAskedFor, VALUED_LABELS } from '../../domain/cluster/signals.ts'
import { parseInstant } from '../../domain/time.ts'
import { type Message, message, messages, OBJECT_META, text, time } from '../../kube/protobuf.ts'
import type { ObjectMeta } from '../../kube/object.ts'

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
      readonly lastHeartbeatTime?: string
    }[]
  }
}

/** The same in Protobuf: the numbers are those of Kubernetes' `core/v1`. */
export const NODE_MESSAGE: Message = {
  1: message('metadata', OBJECT_META),
  2: message('spec', { 3: text('providerID'), 5: messages('taints', { 1: text('key') }) }),
  3: message('status', {
    4: messages('conditions', {
      1: text('type'),
      2: text('status'),
      3: time('lastHeartbeatTime'),
      4: time('lastTransitionTime'),
    }),
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
// Virtual Kubelet's own marks, and those of what is made with it: Liqo, the super nodes of Tencent (`eklet`), interLink.
const VIRTUAL_TYPES: ReadonlySet<string | undefined> = new Set(['virtual-kubelet', 'virtual-node'])
const VIRTUAL_TAINT =
  /^(?:virtual-kubelet\.io\/provider|virtual-node\.(?:liqo\.io|interlink)\/.*|eks\.tke\.cloud\.tencent\.com\/eklet)$/
const VIRTUAL_INSTANCE = 'eklet'
// What those give as provider ID, where they give one; a Karpenter or an autoscaler that plays with KWOK gives that. Anybody
// who makes up a Node of Kind gives it such a one.
const NO_MACHINE = /^(?:kwok|liqo|kind:|ocid1\.virtualnode\.)|\b(?:eci|eklet)-/
const CRI_SOCKET = 'kubeadm.alpha.kubernetes.io/cri-socket'
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
  const providerId = spec?.providerID ?? ''
  const heardAt = isKindId(providerId) ? parseInstant(ready?.lastHeartbeatTime ?? '') : undefined
  return {
    name: metadata.name,
    providerId,
    kubeletVersion: shared(nodeInfo['kubeletVersion']),
    osImage: shared(nodeInfo['osImage']),
    kernelVersion: shared(nodeInfo['kernelVersion']),
    runtime: shared(nodeInfo['containerRuntimeVersion']),
    bootId: nodeInfo['bootID'] ?? '',
    labels: askedFor('labels', labels),
    annotations: askedFor('annotations', annotations),
    instanceType: shared(INSTANCE_TYPES.map((name) => labels[name]).find((value) => value !== undefined)),
    ...(marked === undefined ? {} : { marked }),
    hasMachine: hasMachine(metadata, nodeInfo, providerId),
    hasHardwareId: hasHardwareId(nodeInfo),
    hasOtherHostname: (labels[HOSTNAME] ?? metadata.name) !== metadata.name,
    hasExternalAddress: status?.addresses?.some(({ type }) => type.startsWith('External')) ?? false,
    ...(deletionTimestamp === undefined ? {} : { deletingSince: parseInstant(deletionTimestamp) ?? 0 }),
    ...(notReadySince === undefined ? {} : { notReadySince: parseInstant(notReadySince) ?? 0 }),
    // With `False`, a kubelet says that it is not ready: it does report.
    ...(notReadySince === undefined || ready?.status !== 'Unknown'
      ? {}
      : { silentSince: parseInstant(notReadySince) ?? 0 }),
    ...(heardAt === undefined ? {} : { heardAt }),
  }
}

function markOf(
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
  spec: RawNode['spec'],
): NodeFacts['marked'] {
  if (KWOK_ANNOTATION in annotations) return 'simulated'
  const isVirtual =
    VIRTUAL_TYPES.has(labels['type']) ||
    VIRTUAL_TYPES.has(labels['liqo.io/type']) ||
    INSTANCE_TYPES.some((name) => labels[name] === VIRTUAL_INSTANCE) ||
    spec?.taints?.some(({ key }) => VIRTUAL_TAINT.test(key))
  return isVirtual === true ? 'virtual' : undefined
}

// Whoever may write to a Node can wipe out who wrote to it, and mark it as he likes. So one trace of a machine is enough: that
// the API server saw a kubelet write to it, an ID of the machine, kubeadm's annotation, the provider ID of a machine, which
// cannot be taken back. What KWOK and virtual kubelets make up has none of them.
function hasMachine(
  { managedFields = [], annotations = {} }: RawNode['metadata'],
  nodeInfo: Readonly<Record<string, string>>,
  providerId: string,
): boolean {
  return (
    managedFields.some(({ manager = '' }) => KUBELETS.test(manager)) ||
    ['bootID', 'machineID', 'systemUUID'].some((id) => (nodeInfo[id] ?? '') !== '') ||
    CRI_SOCKET in annotations ||
    (providerId !== '' && !NO_MACHINE.test(providerId))
  )
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
