// THE TABLE OF SIGNALS: what on a node speaks for which distribution, and how far it can be believed. A type is added here.

import type { NodeFacts } from './node-facts.ts'

/** 3: the kubelet writes it anew with each report. 2: fixed from the node's beginning. 1: anybody may set it. */
export type Trust = 1 | 2 | 3

type Field =
  | 'kubeletVersion'
  | 'osImage'
  | 'kernelVersion'
  | 'runtime'
  | 'providerId'
  | 'name'
  | 'instanceType'
  | 'labels'
  | 'annotations'

export interface Signal {
  readonly type: string
  readonly field: Field
  /** What the field matches; of labels and annotations, how a name begins. */
  readonly pattern: RegExp | string
  /** What other fields have to match for it to say anything. */
  readonly beside: Partial<Record<Field, RegExp>>
  /** The provider ID with which a label is more than a claim: the cloud's controller agrees with it. */
  readonly confirmedBy?: RegExp
  readonly trust: Trust
}

/** What a field is called, and who sets it. */
export const FIELDS: Readonly<
  Record<Field, { readonly title: string; readonly setBy: string; readonly trust: Trust }>
> = {
  kubeletVersion: { title: 'kubelet version', setBy: 'set by the kubelet', trust: 3 },
  osImage: { title: 'OS image', setBy: 'set by the kubelet', trust: 3 },
  kernelVersion: { title: 'kernel', setBy: 'set by the kubelet', trust: 3 },
  runtime: { title: 'container runtime', setBy: 'set by the kubelet', trust: 3 },
  providerId: { title: 'provider ID', setBy: 'set once by kubelet or cloud', trust: 2 },
  name: { title: 'node name', setBy: 'chosen when the node is made', trust: 1 },
  instanceType: { title: 'instance type', setBy: 'a label, anybody may set it', trust: 1 },
  labels: { title: 'label', setBy: 'anybody may set it', trust: 1 },
  annotations: { title: 'annotation', setBy: 'anybody may set it', trust: 1 },
}

type Beside = Signal['beside']

const on =
  (field: Field) =>
  (type: string, pattern: RegExp | string, beside: Beside = {}): Signal => ({
    type,
    field,
    pattern,
    beside,
    trust: FIELDS[field].trust,
  })
const kubelet = on('kubeletVersion')
const osImage = on('osImage')
const kernel = on('kernelVersion')
const runtime = on('runtime')
const providerId = on('providerId')
const nodeName = on('name')
const instanceType = on('instanceType')
const annotation = on('annotations')
const label = (type: string, prefix: string, confirmedBy?: RegExp): Signal => ({
  ...on('labels')(type, prefix),
  ...(confirmedBy === undefined ? {} : { confirmedBy }),
})

/** The kubelet of EKS Distro: that of EKS, EKS Anywhere, and of kOps where it is made so. It names none of them. */
export const EKS_DISTRO = 'EKS Distro'
export const KIND = 'Kind'
export const KUBEADM = 'Kubeadm'

const EKS_KUBELET = /-eks(?:-|$)/
const AWS = /^aws:/
const OCI_MACHINE = /^ocid1\.instance\./
const AKS_MACHINE = /^azure:\/\/.*\/(?:virtualMachineScaleSets|virtualMachines)\/aks/i
const ANY_CLOUD = /^(?:aws|gce|azure|openstack|hcloud|digitalocean|scaleway):/

export const SIGNALS: readonly Signal[] = [
  kubelet('OpenShift', /\+[0-9a-f]{7,9}$/),
  osImage('OpenShift', /^(?:Red Hat Enterprise Linux|CentOS Stream) CoreOS/),
  runtime('OpenShift', /\.rhaos\d/),
  label('OpenShift', 'node.openshift.io/'),
  annotation('OpenShift', 'machineconfiguration.openshift.io/'),
  annotation('OpenShift', 'machine.openshift.io/'),

  osImage('Harvester', /^Harvester /),
  kubelet('RKE2', /[-+]rke2/),
  providerId('RKE2', /^rke2:\/\//),
  instanceType('RKE2', /^rke2$/),
  label('RKE2', 'egress.rke2.io/'),
  annotation('RKE2', 'rke2.io/'),
  annotation('RKE2', 'etcd.rke2.cattle.io/'),

  kubelet('K3s', /[-+]k3s/),
  osImage('K3s', /^K3s /),
  providerId('K3s', /^k3s:\/\//),
  instanceType('K3s', /^k3s$/),
  label('K3s', 'k3s.io/'),
  label('K3s', 'egress.k3s.io/'),
  annotation('K3s', 'k3s.io/'),
  annotation('K3s', 'etcd.k3s.cattle.io/'),
  nodeName('K3d', /^k3d-/, { osImage: /^K3s |^Unknown$|^$/, kubeletVersion: /[-+]k3s|^$/ }),
  osImage('RancherDesktop', /^Rancher Desktop/),
  nodeName('RancherDesktop', /^lima-rancher-desktop$/, { kubeletVersion: /[-+]k3s/ }),
  providerId('Civo', /^civo:\/\//),
  label('Civo', 'kubernetes.civo.com/', /^civo:/),

  kubelet('OrbStack', /\+orb\d/),
  osImage('OrbStack', /^OrbStack/),
  kubelet('k0s', /[-+]k0s/),
  label('k0s', 'node.k0sproject.io/'),
  label('MicroK8s', 'microk8s.io/'),
  label('MicroK8s', 'node.kubernetes.io/microk8s-'),
  osImage('Talos', /^Talos /),
  kernel('Talos', /-talos$/),
  label('Talos', 'extensions.talos.dev/'),
  annotation('Talos', 'talos.dev/'),
  annotation('RKE1', 'rke.cattle.io/internal-ip'),
  annotation('RKE1', 'rke.cattle.io/external-ip'),
  label('RKE1', 'node-role.kubernetes.io/controlplane'),
  label('CharmedKubernetes', 'juju-application'),
  label('CharmedKubernetes', 'juju-charm'),
  label('CharmedKubernetes', 'juju.io/'),
  label('CanonicalK8s', 'k8sd.io/'),
  label('kOps', 'kops.k8s.io/', ANY_CLOUD),

  osImage('DockerDesktop', /^Docker (?:Desktop|for )/),
  providerId('DockerDesktop', /^kind:\/\/docker\/desktop\//),
  nodeName('DockerDesktop', /^docker-(?:for-)?desktop$/),
  nodeName('DockerDesktop', /^desktop-(?:control-plane|worker\d*)$/),
  osImage('Minikube', /^Buildroot /),
  label('Minikube', 'minikube.k8s.io/'),
  nodeName('Minikube', /^minikube(?:-m\d+)?$/),

  kubelet(EKS_DISTRO, EKS_KUBELET),
  osImage('EKS', /^(?:Amazon Linux|Windows Server)|^Bottlerocket .*\(aws-k8s-/, { kubeletVersion: EKS_KUBELET }),
  osImage('EKS', /^Bottlerocket \(EKS Auto/),
  providerId('EKS', /^eks-hybrid:\/\//),
  label('EKS', 'eks.amazonaws.com/', /^(?:aws|eks-hybrid):/),
  label('EKS', 'alpha.eksctl.io/', AWS),
  nodeName('EKS', /^fargate-ip-/),
  osImage('EKSAnywhere', /^Bottlerocket .*\((?:vmware|metal|nutanix)-k8s-/),
  providerId('EKSAnywhere', /^(?:vsphere|tinkerbell|nutanix|cloudstack|aws-snow|docker):/, {
    kubeletVersion: EKS_KUBELET,
  }),
  kubelet('GKE', /-gke\.\d/),
  label('GKE', 'cloud.google.com/gke-', /^gce:/),
  annotation('GKE', 'node.gke.io/'),
  kernel('AKS', /-azure$/, { providerId: AKS_MACHINE }),
  osImage('AKS', /Mariner|Azure Linux|^Windows Server/, { providerId: AKS_MACHINE }),
  providerId('AKS', AKS_MACHINE),
  label('AKS', 'kubernetes.azure.com/node-image-version', AKS_MACHINE),
  label('AKS', 'kubernetes.azure.com/mode', AKS_MACHINE),
  label('AKS', 'kubernetes.azure.com/agentpool', AKS_MACHINE),
  nodeName('AKS', /^aks-[a-z0-9]+-\d{8}-(?:vmss[0-9a-z]{6}|\d+)$|^aks[a-z0-9]{1,6}0000[0-9a-z]{2}$/),
  providerId('AKSEngine', /^azure:\/\/.*\/k8s-[a-z0-9]+-\d{8}-/i),
  label('DOKS', 'doks.digitalocean.com/', /^digitalocean:/),
  label('LKE', 'lke.linode.com/', /^linode:/),
  annotation('LKE', 'lke.linode.com/'),
  nodeName('LKE', /^lke\d+-\d+-[0-9a-f]+$/),
  label('OKE', 'oke.oraclecloud.com/', OCI_MACHINE),
  label('OKE', 'node.info/', OCI_MACHINE),
  annotation('OKE', 'oci.oraclecloud.com/node-pool-id'),
  kubelet('IKS', /\+IKS/),
  label('IKS', 'ibm-cloud.kubernetes.io/', /^ibm:/),
  kubelet('ACK', /-aliyun/),
  label('ACK', 'ack.aliyun.com'),
  label('ACK', 'alibabacloud.com/nodepool-id'),
  kubelet('TKE', /-tke\b/),
  runtime('TKE', /-tke\b/),
  label('TKE', 'cloud.tencent.com/', /^qcloud:/),
  label('TKE', 'tke.cloud.tencent.com/', /^qcloud:/),
  kubelet('CCE', /-CCE/),
  osImage('CCE', /EulerOS/, { kubeletVersion: /-r\d/ }),
  label('CCE', 'cce.cloud.com/'),
  label('CCE', 'node.kubernetes.io/subnetid'),
  annotation('CCE', 'cce.io/'),
  label('Scaleway', 'k8s.scaleway.com/', /^scaleway:/),
  label('Scaleway', 'cloud.scaleway.com/', /^scaleway:/),
  label('Exoscale', 'node.exoscale.net/', /^exoscale:/),
  label('Vultr', 'vke.vultr.com/', /^vultr:/),

  annotation(KUBEADM, 'kubeadm.alpha.kubernetes.io/'),
]

/** A provider ID of Kind that is all that it should be. It is looked into by itself, see `kind-node.ts`. */
export const KIND_PROVIDER_ID: Signal = providerId(KIND, /^kind:\/\//)

/** What is taken for Kind elsewhere, and what is none of its marks. It names nothing; to show it is an attempt. */
export const CLAIMS_OF_KIND: readonly Signal[] = [
  label(KIND, 'io.x-k8s.kind.'),
  instanceType(KIND, /^kind$/i),
  nodeName(KIND, /^kind-(?:control-plane|worker)\d*$/),
]

/** What a distribution is made with: where both show, it is the distribution, and not a contradiction. */
export const MADE_WITH: Readonly<Record<string, readonly string[]>> = {
  OpenShift: ['IKS'],
  Harvester: ['RKE2', 'K3s'],
  RKE2: ['K3s'],
  K3d: ['K3s'],
  RancherDesktop: ['K3s'],
  Civo: ['K3s', 'Talos'],
  DockerDesktop: [KIND, KUBEADM],
  EKS: [EKS_DISTRO],
  EKSAnywhere: [EKS_DISTRO, KUBEADM],
  kOps: [EKS_DISTRO],
  [KIND]: [KUBEADM],
  Minikube: [KUBEADM],
  Talos: [KUBEADM],
  LKE: [KUBEADM],
  ACK: [KUBEADM],
}

/** The annotation with which vcluster shows nodes of its host: they say what the host is, not what this cluster is. */
export const VCLUSTER_ANNOTATION = 'vcluster.loft.sh/'
/** A control plane by the label of its role. */
export const CONTROL_PLANE = /^node-role\.kubernetes\.io\/(?:control-plane|controlplane|master)$/

const KEPT = {
  labels: beginnings('labels'),
  annotations: [...beginnings('annotations'), VCLUSTER_ANNOTATION],
}

function beginnings(field: Field): string[] {
  return [...SIGNALS, ...CLAIMS_OF_KIND].flatMap((signal) =>
    signal.field === field && typeof signal.pattern === 'string' ? signal.pattern : [],
  )
}

/** Whether a rule asks for the label or annotation of that name. */
export function isAskedFor(kind: 'labels' | 'annotations', name: string): boolean {
  return KEPT[kind].some((beginning) => name.startsWith(beginning)) || (kind === 'labels' && CONTROL_PLANE.test(name))
}

/** Whether the node shows the signal. */
export function shows(node: NodeFacts, { field, pattern, beside }: Signal): boolean {
  if (!matches(node, field, pattern)) return false
  for (const other in beside) {
    const demanded = beside[other as Field]
    if (demanded !== undefined && !matches(node, other as Field, demanded)) return false
  }
  return true
}

function matches(node: NodeFacts, field: Field, pattern: RegExp | string): boolean {
  const value = node[field]
  if (typeof value === 'string') return typeof pattern !== 'string' && pattern.test(value)
  return value.some((name) => (typeof pattern === 'string' ? name.startsWith(pattern) : pattern.test(name)))
}

/** How far the signal can be believed on this node. */
export function trustIn({ trust, confirmedBy }: Signal, node: NodeFacts): Trust {
  return confirmedBy?.test(node.providerId) === true ? 2 : trust
}

/** `EKS by kubelet version on 3 nodes, set by the kubelet`. */
export function describe({ type, field }: Signal, count: number): string {
  const { title, setBy } = FIELDS[field]
  return `${type} by ${title} on ${count === 1 ? '1 node' : `${count} nodes`}, ${setBy}`
}
