// THE TABLE OF SIGNALS: what on a node speaks for which distribution. A type is added here.

import type { NodeFacts } from './node-facts.ts'
import { confirmedBy, type Field, on, type Signal } from './signal.ts'

/** The kubelet of EKS Distro: that of EKS, EKS Anywhere, and of kOps where it is made so. It names none of them. */
export const EKS_DISTRO = 'EKS Distro'
export const KIND = 'Kind'
export const KUBEADM = 'Kubeadm'
/** Named not by nodes, which are its host's, but by how they do not fit the API server. */
export const VCLUSTER = 'vcluster'

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

const kubelet = on('kubeletVersion')
const osImage = on('osImage')
const kernel = on('kernelVersion')
const runtime = on('runtime')
const providerId = on('providerId')
const nodeName = on('name')
const instanceType = on('instanceType')
const label = on('labels')
const annotation = on('annotations')

const EKS_KUBELET = /-eks(?:-|$)/
const OCI_MACHINE = /^ocid1\.instance\./
const AKS_MACHINE = /^azure:\/\/.*\/(?:virtualMachineScaleSets|virtualMachines)\/aks/i
const ANY_CLOUD = /^(?:aws|gce|azure|openstack|hcloud|digitalocean|scaleway):/
const KUBEADM_ANNOTATION = 'kubeadm.alpha.kubernetes.io/'
const MINIKUBE_PROFILE = 'minikube.k8s.io/name'

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
  inCloud(label('Civo', 'kubernetes.civo.com/'), /^civo:/),

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
  label('CharmedKubernetes', 'juju-application'),
  label('CharmedKubernetes', 'juju-charm'),
  label('CharmedKubernetes', 'juju.io/'),
  label('CanonicalK8s', 'k8sd.io/'),
  inCloud(label('kOps', 'kops.k8s.io/'), ANY_CLOUD),

  osImage('DockerDesktop', /^Docker (?:Desktop|for )/),
  providerId('DockerDesktop', /^kind:\/\/docker\/desktop\//),
  nodeName('DockerDesktop', /^docker-(?:for-)?desktop$/),
  nodeName('DockerDesktop', /^desktop-(?:control-plane|worker\d*)$/),
  osImage('Minikube', /^Buildroot /),
  confirmedBy(label('Minikube', 'minikube.k8s.io/'), 'node name', isOfItsProfile),
  nodeName('Minikube', /^minikube(?:-m\d+)?$/),

  kubelet(EKS_DISTRO, EKS_KUBELET),
  osImage('EKS', /^(?:Amazon Linux|Windows Server)|^Bottlerocket .*\(aws-k8s-/, { kubeletVersion: EKS_KUBELET }),
  osImage('EKS', /^Bottlerocket \(EKS Auto/),
  providerId('EKS', /^eks-hybrid:\/\//),
  inCloud(label('EKS', 'eks.amazonaws.com/'), /^(?:aws|eks-hybrid):/, EKS_KUBELET),
  inCloud(label('EKS', 'alpha.eksctl.io/'), /^aws:/, EKS_KUBELET),
  nodeName('EKS', /^fargate-ip-/),
  osImage('EKSAnywhere', /^Bottlerocket .*\((?:vmware|metal|nutanix)-k8s-/),
  providerId('EKSAnywhere', /^(?:vsphere|tinkerbell|nutanix|cloudstack|aws-snow|docker):/, {
    kubeletVersion: EKS_KUBELET,
  }),
  kubelet('GKE', /-gke\.\d/),
  label('GKE', 'cloud.google.com/gke-'),
  annotation('GKE', 'node.gke.io/'),
  kernel('AKS', /-azure$/, { providerId: AKS_MACHINE }),
  osImage('AKS', /Mariner|Azure Linux|^Windows Server/, { providerId: AKS_MACHINE }),
  providerId('AKS', AKS_MACHINE),
  inCloud(label('AKS', 'kubernetes.azure.com/node-image-version'), AKS_MACHINE),
  inCloud(label('AKS', 'kubernetes.azure.com/mode'), AKS_MACHINE),
  inCloud(label('AKS', 'kubernetes.azure.com/agentpool'), AKS_MACHINE),
  nodeName('AKS', /^aks-[a-z0-9]+-\d{8}-(?:vmss[0-9a-z]{6}|\d+)$|^aks[a-z0-9]{1,6}0000[0-9a-z]{2}$/),
  providerId('AKSEngine', /^azure:\/\/.*\/k8s-[a-z0-9]+-\d{8}-/i),
  inCloud(label('DOKS', 'doks.digitalocean.com/'), /^digitalocean:/),
  inCloud(label('LKE', 'lke.linode.com/'), /^linode:/),
  inCloud(annotation('LKE', 'lke.linode.com/'), /^linode:/),
  nodeName('LKE', /^lke\d+-\d+-[0-9a-f]+$/),
  inCloud(label('OKE', 'oke.oraclecloud.com/'), OCI_MACHINE),
  inCloud(label('OKE', 'node.info/'), OCI_MACHINE),
  annotation('OKE', 'oci.oraclecloud.com/node-pool-id'),
  kubelet('IKS', /\+IKS/),
  inCloud(label('IKS', 'ibm-cloud.kubernetes.io/'), /^ibm:/),
  kubelet('ACK', /-aliyun/),
  label('ACK', 'ack.aliyun.com'),
  label('ACK', 'alibabacloud.com/nodepool-id'),
  kubelet('TKE', /-tke\b/),
  runtime('TKE', /-tke\b/),
  inCloud(label('TKE', 'cloud.tencent.com/'), /^qcloud:/),
  inCloud(label('TKE', 'tke.cloud.tencent.com/'), /^qcloud:/),
  kubelet('CCE', /-CCE/),
  osImage('CCE', /EulerOS/, { kubeletVersion: /-r\d/ }),
  label('CCE', 'cce.cloud.com/'),
  label('CCE', 'node.kubernetes.io/subnetid'),
  annotation('CCE', 'cce.io/'),
  inCloud(label('Scaleway', 'k8s.scaleway.com/'), /^scaleway:/),
  inCloud(label('Scaleway', 'cloud.scaleway.com/'), /^scaleway:/),
  inCloud(label('Exoscale', 'node.exoscale.net/'), /^exoscale:/),
  inCloud(label('Vultr', 'vke.vultr.com/'), /^vultr:/),

  annotation(KUBEADM, KUBEADM_ANNOTATION),
]

/** A provider ID of Kind that is all that it should be. It is looked into by itself, see `kind-node.ts`. */
export const KIND_PROVIDER_ID: Signal = providerId(KIND, /^kind:\/\//)

/** What is taken for Kind elsewhere, and what is none of its marks. It names nothing; to show it is an attempt. */
export const CLAIMS_OF_KIND: readonly Signal[] = [
  label(KIND, 'io.x-k8s.kind.'),
  instanceType(KIND, /^kind$/i),
  nodeName(KIND, /^kind-(?:control-plane|worker)\d*$/),
]

/** Every type that a cluster can have, apart from those that say that it has none. */
export const CLUSTER_TYPES: readonly string[] = [...new Set([...SIGNALS.map(({ type }) => type), KIND, VCLUSTER])]
  .filter((type) => type !== EKS_DISTRO)
  .toSorted((a, b) => a.localeCompare(b))

/** The annotation with which vcluster shows nodes of its host: they say what the host is, not what this cluster is. */
export const VCLUSTER_ANNOTATION = 'vcluster.loft.sh/'
/** What vcluster makes up where it may not see the nodes of its host; the kubelet is said to be that of its own API server. */
export const VCLUSTER_IMAGE = /^Fake Kubernetes Image$/
/** Annotations of nodes that a cloud's controller or the Cluster API looks after. No node of Kind has them. */
export const PROVIDED_NODE_IP = 'alpha.kubernetes.io/provided-node-ip'
export const LOOKED_AFTER: readonly string[] = [PROVIDED_NODE_IP, 'cluster.x-k8s.io/']
/** A control plane by the label of its role. */
export const CONTROL_PLANE = /^node-role\.kubernetes\.io\/(?:control-plane|controlplane|master)$/

/** The signal of a cloud's service, confirmed where the node is one of that cloud. */
function inCloud(signal: Signal, cloud: RegExp, kubeletVersion = /(?:)/): Signal {
  // Where kubeadm joined the node, it is none of a service that knows no kubeadm.
  const mayBeJoined = MADE_WITH[signal.type]?.includes(KUBEADM) === true
  return confirmedBy(
    signal,
    'provider ID',
    (node) =>
      cloud.test(node.providerId) &&
      kubeletVersion.test(node.kubeletVersion) &&
      (mayBeJoined || !isJoinedByKubeadm(node)),
  )
}

function isJoinedByKubeadm({ annotations }: NodeFacts): boolean {
  return annotations.some((name) => name.startsWith(KUBEADM_ANNOTATION))
}

/** Minikube names its nodes after its profile, and joins them with kubeadm. */
function isOfItsProfile(node: NodeFacts): boolean {
  const profile = node.labels.find((name) => name.startsWith(`${MINIKUBE_PROFILE}=`))?.split('=')[1]
  if (profile === undefined || !isJoinedByKubeadm(node) || !node.name.startsWith(profile)) return false
  return /^(?:-m\d+)?$/.test(node.name.slice(profile.length))
}

const ASKED_FOR = {
  labels: beginnings('labels'),
  annotations: [...beginnings('annotations'), VCLUSTER_ANNOTATION, ...LOOKED_AFTER],
}

function beginnings(field: Field): string[] {
  return [...SIGNALS, ...CLAIMS_OF_KIND].flatMap((signal) =>
    signal.field === field && typeof signal.pattern === 'string' ? signal.pattern : [],
  )
}

/** Whether a rule asks for the label or annotation of that name. */
export function isAskedFor(kind: 'labels' | 'annotations', name: string): boolean {
  return ASKED_FOR[kind].some((prefix) => name.startsWith(prefix)) || (kind === 'labels' && CONTROL_PLANE.test(name))
}

/** The labels of which the value is asked for too: they are kept as `NAME=VALUE`. */
export const VALUED_LABELS: ReadonlySet<string> = new Set([MINIKUBE_PROFILE])
