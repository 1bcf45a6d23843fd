// Nodes as the distributions make them, written by what is known of each: whole objects, as the API server would send them.

import { createHash } from 'node:crypto'

type Texts = Readonly<Record<string, string>>

export interface RawNode {
  readonly apiVersion: 'v1'
  readonly kind: 'Node'
  readonly metadata: {
    readonly name: string
    readonly labels: Texts
    readonly annotations: Texts
    readonly deletionTimestamp?: string
    readonly managedFields?: readonly { readonly manager: string; readonly subresource?: string }[]
  }
  readonly spec: {
    readonly providerID?: string
    readonly taints?: readonly { readonly key: string; readonly effect: string }[]
    readonly unschedulable?: boolean
  }
  readonly status: {
    readonly nodeInfo: Texts
    readonly addresses: readonly { readonly type: string; readonly address: string }[]
    readonly conditions: readonly {
      readonly type: string
      readonly status: string
      readonly lastTransitionTime: string
    }[]
  }
}

export interface Traits {
  readonly name?: string
  readonly providerID?: string
  readonly version?: string
  readonly os?: string
  readonly kernel?: string
  readonly runtime?: string
  readonly labels?: Texts
  readonly annotations?: Texts
  readonly taints?: readonly string[]
  readonly addresses?: readonly string[]
  /** The machine was booted once for all nodes that share it. */
  readonly host?: string
  /** `container`: IDs made up at random. `machine`: a virtual machine's, from its hypervisor. `none`: no machine. */
  readonly ids?: 'container' | 'machine' | 'none'
}

const digits = (of: string) => createHash('sha256').update(of).digest('hex').slice(0, 32)
const dashed = (text: string) => text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

/** A node with these traits; where none is given, a machine of nobody in particular with Ubuntu on it. */
export function aNode(traits: Traits = {}): RawNode {
  const { name = 'node-1', ids = 'machine', labels = {}, annotations = {}, addresses = ['InternalIP'] } = traits
  const machine = `ec2${digits(name).slice(3)}`
  const random = digits(`${name} random`).replace(/^(.{12}).(.{3})./, '$14$2a')
  const idsOf = {
    container: { bootID: traits.host ?? 'host', machineID: digits(`${name} machine`), systemUUID: dashed(random) },
    machine: { bootID: traits.host ?? dashed(digits(`${name} boot`)), machineID: machine, systemUUID: dashed(machine) },
    none: { bootID: '', machineID: '', systemUUID: '' },
  }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', ...labels },
      annotations: { 'node.alpha.kubernetes.io/ttl': '0', ...annotations },
    },
    spec: {
      ...(traits.providerID === undefined ? {} : { providerID: traits.providerID }),
      ...(traits.taints === undefined ? {} : { taints: traits.taints.map((key) => ({ key, effect: 'NoSchedule' })) }),
    },
    status: {
      nodeInfo: {
        kubeletVersion: traits.version ?? 'v1.35.2',
        osImage: traits.os ?? 'Ubuntu 24.04.3 LTS',
        kernelVersion: traits.kernel ?? '6.8.0-71-generic',
        containerRuntimeVersion: traits.runtime ?? 'containerd://2.1.4',
        operatingSystem: 'linux',
        architecture: 'amd64',
        ...idsOf[ids],
      },
      addresses: addresses.map((type) => ({ type, address: '10.0.0.1' })),
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-11-01T08:00:00Z' }],
    },
  }
}

const CRI_SOCKET = { 'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///run/containerd/containerd.sock' }
const CONTROL_PLANE = { 'node-role.kubernetes.io/control-plane': '' }

/** The nodes that Kind makes: containers of one host. */
export function kindNodes(
  cluster = 'kind',
  workers = 2,
  traits: Traits & { readonly provider?: string } = {},
): RawNode[] {
  const { provider = 'docker', ...others } = traits
  const names = ['control-plane', ...Array.from({ length: workers }, (_, i) => `worker${i === 0 ? '' : i + 1}`)]
  return names.map((role) => {
    const name = `${cluster}-${role}`
    return aNode({
      name,
      providerID: `kind://${provider}/${cluster}/${name}`,
      os: 'Debian GNU/Linux 12 (bookworm)',
      labels: role === 'control-plane' ? CONTROL_PLANE : {},
      annotations: CRI_SOCKET,
      ids: 'container',
      ...others,
    })
  })
}

export interface Distribution {
  readonly title: string
  readonly type: string
  readonly platform: string
  readonly nodes: readonly RawNode[]
  readonly proven?: boolean
  readonly serverVersion?: string
}

const AKS_SCALE_SET =
  'azure:///subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/mc_rg_prod_westeurope/providers/Microsoft.Compute/virtualMachineScaleSets/aks-pool1-12345678-vmss/virtualMachines/0'
const AZURE_MACHINE =
  'azure:///subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/prod-rg/providers/Microsoft.Compute/virtualMachines/prod-master-0'

/** What each distribution is made to be known by. */
export const DISTRIBUTIONS: readonly Distribution[] = [
  { title: 'Kind', type: 'Kind', platform: 'local', nodes: kindNodes() },
  { title: 'Kind with podman', type: 'Kind', platform: 'local', nodes: kindNodes('dev', 0, { provider: 'podman' }) },
  { title: 'Kind with nerdctl', type: 'Kind', platform: 'local', nodes: kindNodes('a.b', 1, { provider: 'nerdctl' }) },
  {
    title: 'Kind of 2022, from Ubuntu',
    type: 'Kind',
    platform: 'local',
    nodes: kindNodes('kind', 1, { version: 'v1.24.15', os: 'Ubuntu 22.04.2 LTS', runtime: 'containerd://1.6.7' }),
  },
  {
    title: 'Kind on 1.36, where kubeadm annotates no more',
    type: 'Kind',
    platform: 'local',
    nodes: kindNodes('kind', 1, { version: 'v1.36.1', os: 'Debian GNU/Linux 13 (trixie)', annotations: {} }),
  },
  {
    title: 'Kind of a checkout of Kubernetes',
    type: 'Kind',
    platform: 'local',
    nodes: kindNodes('kind', 0, { version: 'v1.37.0-alpha.1.312+6d0b0f2a3c4e5f' }),
  },
  {
    title: 'Docker Desktop, by kubeadm',
    type: 'DockerDesktop',
    platform: 'local',
    proven: true,
    nodes: [
      aNode({
        name: 'docker-desktop',
        os: 'Docker Desktop',
        kernel: '6.10.14-linuxkit',
        annotations: CRI_SOCKET,
        runtime: 'docker://28.0.4',
      }),
    ],
  },
  {
    title: 'Docker Desktop, by Kind',
    type: 'DockerDesktop',
    platform: 'local',
    nodes: kindNodes('desktop', 2, { kernel: '6.10.14-linuxkit' }),
  },
  {
    title: 'Rancher Desktop on Windows',
    type: 'RancherDesktop',
    platform: 'local',
    proven: true,
    nodes: [
      aNode({
        name: 'my-pc',
        version: 'v1.33.4+k3s1',
        os: 'Rancher Desktop WSL Distribution',
        kernel: '5.15.167.4-microsoft-standard-WSL2',
        labels: { 'node.kubernetes.io/instance-type': 'k3s' },
        providerID: 'k3s://my-pc',
      }),
    ],
  },
  {
    title: 'Rancher Desktop on macOS',
    type: 'RancherDesktop',
    platform: 'local',
    nodes: [
      aNode({
        name: 'lima-rancher-desktop',
        version: 'v1.33.4+k3s1',
        os: 'Alpine Linux v3.22',
        providerID: 'k3s://lima-rancher-desktop',
      }),
    ],
  },
  {
    title: 'OrbStack',
    type: 'OrbStack',
    platform: 'local',
    proven: true,
    nodes: [aNode({ name: 'orbstack', version: 'v1.33.5+orb1', os: 'OrbStack', runtime: 'docker://28.3.3' })],
  },
  {
    title: 'minikube with docker, two nodes',
    type: 'Minikube',
    platform: 'local',
    nodes: ['lab', 'lab-m02'].map((name) =>
      aNode({
        name,
        os: 'Ubuntu 22.04.5 LTS',
        runtime: 'docker://28.4.0',
        ids: 'container',
        annotations: CRI_SOCKET,
        labels: { 'minikube.k8s.io/name': 'lab', 'minikube.k8s.io/primary': String(name === 'lab') },
      }),
    ),
  },
  {
    title: 'minikube with kvm2',
    type: 'Minikube',
    platform: 'local',
    proven: true,
    nodes: [
      aNode({
        name: 'minikube',
        os: 'Buildroot 2025.02',
        kernel: '6.6.95',
        annotations: CRI_SOCKET,
        labels: { 'minikube.k8s.io/name': 'minikube' },
      }),
    ],
  },
  {
    title: 'minikube with podman and cri-o, newest kubeadm',
    type: 'Minikube',
    platform: 'local',
    nodes: [
      aNode({
        name: 'minikube',
        os: 'Debian GNU/Linux 12 (bookworm)',
        runtime: 'cri-o://1.34.0',
        labels: { 'minikube.k8s.io/name': 'minikube' },
      }),
    ],
  },
  {
    title: 'k3d',
    type: 'K3d',
    platform: 'local',
    nodes: ['server-0', 'agent-0'].map((role) =>
      aNode({
        name: `k3d-demo-${role}`,
        version: 'v1.33.4+k3s1',
        os: 'K3s v1.33.4+k3s1',
        ids: 'container',
        providerID: `k3s://k3d-demo-${role}`,
        labels: { 'node.kubernetes.io/instance-type': 'k3s' },
      }),
    ),
  },
  {
    title: 'K3s on a Raspberry Pi',
    type: 'K3s',
    platform: 'unknown',
    proven: true,
    serverVersion: 'v1.33.4+k3s1',
    nodes: [
      aNode({
        name: 'pi',
        version: 'v1.33.4+k3s1',
        os: 'Debian GNU/Linux 12 (bookworm)',
        kernel: '6.12.34+rpt-rpi-2712',
        providerID: 'k3s://pi',
        annotations: { 'k3s.io/hostname': 'pi' },
      }),
    ],
  },
  {
    title: 'K3s on AWS with the cloud controller',
    type: 'K3s',
    platform: 'aws',
    proven: true,
    nodes: [
      aNode({
        name: 'ip-10-0-0-1',
        version: 'v1.33.4+k3s1',
        providerID: 'aws:///us-east-1a/i-0abcdef0123456789',
        labels: { 'node.kubernetes.io/instance-type': 't3.large' },
      }),
    ],
  },
  {
    title: 'RKE2 on vSphere',
    type: 'RKE2',
    platform: 'vsphere',
    proven: true,
    nodes: [
      aNode({
        name: 'rke2-0',
        version: 'v1.33.4+rke2r1',
        os: 'SUSE Linux Enterprise Server 15 SP6',
        providerID: 'vsphere://42010a80-0001-0002-0003-000000000004',
        annotations: { 'rke2.io/node-args': '[]' },
      }),
    ],
  },
  {
    title: 'Harvester',
    type: 'Harvester',
    platform: 'unknown',
    proven: true,
    nodes: [aNode({ name: 'h1', version: 'v1.33.3+rke2r1', os: 'Harvester v1.6.0', providerID: 'rke2://h1' })],
  },
  {
    title: 'RKE1',
    type: 'RKE1',
    platform: 'unknown',
    nodes: [
      aNode({
        name: '10.1.1.1',
        version: 'v1.30.14',
        annotations: { 'rke.cattle.io/internal-ip': '10.1.1.1' },
        labels: { 'node-role.kubernetes.io/controlplane': 'true' },
      }),
    ],
  },
  {
    title: 'k0s with a worker that says nothing but its kubelet',
    type: 'k0s',
    platform: 'unknown',
    proven: true,
    serverVersion: 'v1.33.4+k0s.0',
    nodes: [
      aNode({ name: 'c0', version: 'v1.33.4+k0s', labels: { 'node.k0sproject.io/role': 'control-plane' } }),
      aNode({ name: 'w0', version: 'v1.33.4+k0s' }),
    ],
  },
  {
    title: 'MicroK8s',
    type: 'MicroK8s',
    platform: 'unknown',
    nodes: [
      aNode({
        name: 'mk1',
        version: 'v1.32.9',
        labels: { 'microk8s.io/cluster': 'true', 'node.kubernetes.io/microk8s-controlplane': 'microk8s-controlplane' },
      }),
    ],
  },
  {
    title: 'Canonical Kubernetes',
    type: 'CanonicalK8s',
    platform: 'unknown',
    nodes: [aNode({ name: 'ck8s', version: 'v1.34.1', labels: { 'k8sd.io/role': 'control-plane' } })],
  },
  {
    title: 'Charmed Kubernetes on AWS',
    type: 'CharmedKubernetes',
    platform: 'aws',
    nodes: [
      aNode({
        name: 'juju-0',
        version: 'v1.33.2',
        kernel: '6.8.0-1029-aws',
        labels: { 'juju-application': 'kubernetes-worker', 'juju.io/cloud': 'ec2' },
      }),
    ],
  },
  {
    title: 'Talos on AWS',
    type: 'Talos',
    platform: 'aws',
    proven: true,
    nodes: [
      aNode({
        name: 'ip-10-0-1-5',
        version: 'v1.34.1',
        os: 'Talos (v1.11.2)',
        kernel: '6.12.48-talos',
        providerID: 'aws:///eu-central-1a/i-0abcdef0123456789',
        labels: { 'node.kubernetes.io/instance-type': 'm6i.large' },
      }),
    ],
  },
  {
    title: 'Talos on bare metal',
    type: 'Talos',
    platform: 'unknown',
    proven: true,
    nodes: [aNode({ name: 'talos-abc-123', version: 'v1.34.1', os: 'Talos (v1.11.2)', kernel: '6.12.48-talos' })],
  },
  {
    title: 'kubeadm on machines of Metal3',
    type: 'Kubeadm',
    platform: 'bare-metal',
    nodes: [aNode({ name: 'm0', annotations: CRI_SOCKET, providerID: 'metal3://metal3/m0/m0' })],
  },
  {
    title: 'Cluster API with Docker',
    type: 'Kubeadm',
    platform: 'local',
    nodes: [
      aNode({
        name: 'capi-control-plane-x7lp',
        os: 'Debian GNU/Linux 12 (bookworm)',
        annotations: { ...CRI_SOCKET, 'cluster.x-k8s.io/machine': 'm' },
        providerID: 'docker:////capi-control-plane-x7lp',
        ids: 'container',
      }),
    ],
  },
  {
    title: 'kOps on AWS',
    type: 'kOps',
    platform: 'aws',
    nodes: [
      aNode({
        name: 'i-0abcdef0123456789',
        providerID: 'aws:///eu-west-1b/i-0abcdef0123456789',
        labels: { 'kops.k8s.io/instancegroup': 'nodes-eu-west-1b', 'node.kubernetes.io/instance-type': 't3.medium' },
      }),
    ],
  },
  {
    title: 'kOps on GCE',
    type: 'kOps',
    platform: 'gcp',
    nodes: [
      aNode({
        name: 'nodes-europe-west4-a-x1',
        providerID: 'gce://project/europe-west4-a/nodes-europe-west4-a-x1',
        labels: { 'kops.k8s.io/instancegroup': 'nodes' },
      }),
    ],
  },
  {
    title: 'kOps with the binaries of EKS Distro',
    type: 'kOps',
    platform: 'aws',
    serverVersion: 'v1.26.2-eks-b106822',
    nodes: [
      aNode({
        name: 'i-0abcdef0123456789',
        version: 'v1.26.2-eks-b106822',
        os: 'Ubuntu 20.04.5 LTS',
        providerID: 'aws:///us-west-2a/i-0abcdef0123456789',
        labels: { 'kops.k8s.io/instancegroup': 'nodes', ...CONTROL_PLANE },
      }),
    ],
  },
  {
    title: 'EKS with Amazon Linux',
    type: 'EKS',
    platform: 'aws',
    proven: true,
    serverVersion: 'v1.34.1-eks-113cf36',
    nodes: [
      aNode({
        name: 'ip-10-0-0-1.ec2.internal',
        version: 'v1.34.1-eks-113cf36',
        os: 'Amazon Linux 2023.9.20251027',
        kernel: '6.12.46-66.121.amzn2023.x86_64',
        providerID: 'aws:///us-east-1a/i-0abcdef0123456789',
        labels: { 'eks.amazonaws.com/nodegroup': 'default', 'node.kubernetes.io/instance-type': 'm6i.large' },
      }),
    ],
  },
  {
    title: 'EKS with Bottlerocket',
    type: 'EKS',
    platform: 'aws',
    proven: true,
    nodes: [
      aNode({
        name: 'ip-10-0-0-2.ec2.internal',
        version: 'v1.34.1-eks-113cf36',
        os: 'Bottlerocket OS 1.49.0 (aws-k8s-1.34)',
        runtime: 'containerd://2.1.4+bottlerocket',
        providerID: 'aws:///us-east-1a/i-0abcdef0123456780',
      }),
    ],
  },
  {
    title: 'EKS Auto Mode',
    type: 'EKS',
    platform: 'aws',
    proven: true,
    nodes: [
      aNode({
        name: 'i-0abcdef0123456781',
        version: 'v1.34.1-eks-113cf36',
        os: 'Bottlerocket (EKS Auto, Standard) 2025.12.5 (aws-k8s-1.34-standard)',
        providerID: 'aws:///us-east-1a/i-0abcdef0123456781',
        labels: { 'eks.amazonaws.com/compute-type': 'auto' },
      }),
    ],
  },
  {
    title: 'EKS with Fargate and Ubuntu',
    type: 'EKS',
    platform: 'aws',
    nodes: [
      aNode({
        name: 'fargate-ip-10-0-0-9.ec2.internal',
        version: 'v1.34.1-eks-113cf36',
        os: 'Amazon Linux 2',
        providerID: 'aws:///us-east-1a/9f8e7d6c5b-0123456789abcdef0123456789abcdef/fargate-ip-10-0-0-9.ec2.internal',
        labels: { 'eks.amazonaws.com/compute-type': 'fargate', 'kubernetes.io/hostname': 'ip-10-0-0-9.ec2.internal' },
        taints: ['eks.amazonaws.com/compute-type'],
      }),
      aNode({
        name: 'ip-10-0-0-3.ec2.internal',
        version: 'v1.34.1-eks-113cf36',
        providerID: 'aws:///us-east-1a/i-0abcdef0123456782',
        labels: { 'eks.amazonaws.com/nodegroup': 'ubuntu' },
      }),
    ],
  },
  {
    title: 'EKS Hybrid Nodes',
    type: 'EKS',
    platform: 'mixed',
    nodes: [
      aNode({
        name: 'mi-0abcdef',
        version: 'v1.34.1-eks-113cf36',
        providerID: 'eks-hybrid:///eu-west-1/prod/mi-0abcdef',
        labels: { 'eks.amazonaws.com/compute-type': 'hybrid' },
      }),
      aNode({
        name: 'ip-10-0-0-4.ec2.internal',
        version: 'v1.34.1-eks-113cf36',
        os: 'Amazon Linux 2023',
        providerID: 'aws:///us-east-1a/i-0abcdef0123456783',
      }),
    ],
  },
  {
    title: 'EKS Anywhere on vSphere',
    type: 'EKSAnywhere',
    platform: 'vsphere',
    proven: true,
    nodes: [
      aNode({
        name: '10.2.0.4',
        version: 'v1.32.5-eks-5d4a308',
        os: 'Bottlerocket OS 1.36.0 (vmware-k8s-1.32)',
        providerID: 'vsphere://421adb84-67f5-72df-6f5d-33e43309db1b',
        annotations: { ...CRI_SOCKET, 'cluster.x-k8s.io/cluster-namespace': 'eksa-system' },
      }),
    ],
  },
  {
    title: 'EKS Anywhere on bare metal',
    type: 'EKSAnywhere',
    platform: 'bare-metal',
    nodes: [
      aNode({
        name: 'eksa-cp1',
        version: 'v1.32.5-eks-5d4a308',
        providerID: 'tinkerbell://eksa-system/eksa-cp1',
        labels: CONTROL_PLANE,
      }),
    ],
  },
  {
    title: 'GKE',
    type: 'GKE',
    platform: 'gcp',
    proven: true,
    serverVersion: 'v1.34.1-gke.1829001',
    nodes: [
      aNode({
        name: 'gke-prod-default-pool-05283374-16pz',
        version: 'v1.34.1-gke.1829001',
        os: 'Container-Optimized OS from Google',
        kernel: '6.6.93+',
        providerID: 'gce://my-project/europe-west1-b/gke-prod-default-pool-05283374-16pz',
        labels: { 'cloud.google.com/gke-nodepool': 'default-pool' },
        addresses: ['InternalIP', 'ExternalIP'],
      }),
    ],
  },
  {
    title: 'GKE Autopilot',
    type: 'GKE',
    platform: 'gcp',
    proven: true,
    nodes: [
      aNode({
        name: 'gk3-auto-pool-2-1a2b3c4d-x9y8',
        version: 'v1.34.1-gke.1829001',
        os: 'Container-Optimized OS from Google',
        providerID: 'gce://my-project/europe-west1-c/gk3-auto-pool-2-1a2b3c4d-x9y8',
        labels: { 'cloud.google.com/gke-provisioning': 'standard' },
      }),
    ],
  },
  {
    title: 'AKS with a virtual node',
    type: 'AKS',
    platform: 'azure',
    proven: true,
    nodes: [
      aNode({
        name: 'aks-pool1-12345678-vmss000000',
        version: 'v1.33.3',
        os: 'Ubuntu 22.04.5 LTS',
        kernel: '5.15.0-1091-azure',
        providerID: AKS_SCALE_SET,
        labels: {
          'kubernetes.azure.com/mode': 'system',
          'kubernetes.azure.com/cluster': 'MC_rg_prod_westeurope',
          'node.kubernetes.io/instance-type': 'Standard_D4s_v5',
        },
      }),
      aNode({
        name: 'virtual-node-aci-linux',
        version: 'v1.25.0-vk-azure-aci-1.6.2',
        os: '',
        kernel: '',
        runtime: '',
        ids: 'none',
        labels: { type: 'virtual-kubelet' },
        taints: ['virtual-kubelet.io/provider'],
      }),
    ],
  },
  {
    title: 'AKS with Azure Linux and Windows',
    type: 'AKS',
    platform: 'azure',
    proven: true,
    nodes: [
      aNode({
        name: 'aks-pool1-12345678-vmss000001',
        version: 'v1.33.3',
        os: 'Microsoft Azure Linux 3.0',
        kernel: '6.6.96.1-1.azl3',
        providerID: AKS_SCALE_SET,
      }),
      aNode({
        name: 'akswin000000',
        version: 'v1.33.3',
        os: 'Windows Server 2022 Datacenter',
        kernel: '10.0.20348.4052',
        providerID: AKS_SCALE_SET.replace('aks-pool1-12345678-vmss', 'akswin'),
      }),
    ],
  },
  {
    title: 'aks-engine',
    type: 'AKSEngine',
    platform: 'azure',
    nodes: [
      aNode({
        name: 'k8s-agentpool1-12291382-vmss000000',
        version: 'v1.24.8',
        os: 'Ubuntu 18.04.6 LTS',
        kernel: '5.4.0-1100-azure',
        providerID: AKS_SCALE_SET.replaceAll('aks-pool1-12345678', 'k8s-agentpool1-12291382'),
        labels: { 'kubernetes.azure.com/cluster': 'mine', 'kubernetes.azure.com/role': 'agent' },
      }),
    ],
  },
  {
    title: 'OpenShift on Azure (ARO)',
    type: 'OpenShift',
    platform: 'azure',
    proven: true,
    nodes: [
      aNode({
        name: 'prod-master-0',
        version: 'v1.31.13',
        os: 'Red Hat Enterprise Linux CoreOS 418.94.202510081222-0',
        runtime: 'cri-o://1.31.13-2.rhaos4.18.git3b2cf5a.el9',
        providerID: AZURE_MACHINE,
        labels: { 'node.openshift.io/os_id': 'rhel', 'node.kubernetes.io/instance-type': 'Standard_D8s_v3' },
        annotations: { 'machineconfiguration.openshift.io/state': 'Done' },
      }),
    ],
  },
  {
    title: 'OpenShift on AWS (ROSA), 4.16',
    type: 'OpenShift',
    platform: 'aws',
    proven: true,
    serverVersion: 'v1.29.14+7cf4c05',
    nodes: [
      aNode({
        name: 'ip-10-0-1-2.ec2.internal',
        version: 'v1.29.14+7cf4c05',
        os: 'Red Hat Enterprise Linux CoreOS 416.94.202504',
        runtime: 'cri-o://1.29.13-4.rhaos4.16.git1234567.el9',
        providerID: 'aws:///us-east-1a/i-0abcdef0123456784',
      }),
    ],
  },
  {
    title: 'OKD with CentOS Stream CoreOS',
    type: 'OpenShift',
    platform: 'unknown',
    proven: true,
    nodes: [
      aNode({
        name: 'okd-0',
        version: 'v1.33.4',
        os: 'CentOS Stream CoreOS 9.0.20250826-0',
        runtime: 'cri-o://1.33.3',
      }),
    ],
  },
  {
    title: 'OpenShift on IBM Cloud (ROKS)',
    type: 'OpenShift',
    platform: 'ibm',
    proven: true,
    nodes: [
      aNode({
        name: '10.45.88.73',
        version: 'v1.31.9',
        os: 'Red Hat Enterprise Linux 9.4 (Plow)',
        runtime: 'cri-o://1.31.9-1.rhaos4.18.git1234567.el9',
        providerID: 'ibm://fee034388aa6435883a1f720010ab3a2///cln/kube-cln-default-1',
        labels: { 'ibm-cloud.kubernetes.io/os': 'REDHAT_9_64' },
      }),
    ],
  },
  {
    title: 'IKS',
    type: 'IKS',
    platform: 'ibm',
    proven: true,
    nodes: [
      aNode({
        name: '10.245.64.6',
        version: 'v1.33.5+IKS',
        providerID: 'ibm://68010fd8df4f467681ddec1e065d7a48///cln/kube-cln-default-2',
        labels: { 'ibm-cloud.kubernetes.io/region': 'eu-de' },
      }),
    ],
  },
  {
    title: 'DOKS',
    type: 'DOKS',
    platform: 'digitalocean',
    nodes: [
      aNode({
        name: 'pool-abc123-x1y2z',
        version: 'v1.33.1',
        os: 'Debian GNU/Linux 12 (bookworm)',
        providerID: 'digitalocean://346815183',
        labels: { 'doks.digitalocean.com/node-pool': 'pool-abc123' },
      }),
    ],
  },
  {
    title: 'LKE',
    type: 'LKE',
    platform: 'linode',
    nodes: [
      aNode({
        name: 'lke83978-128520-639b4cf3ebb3',
        version: 'v1.33.4',
        os: 'Debian GNU/Linux 12 (bookworm)',
        providerID: 'linode://40821135',
        annotations: { ...CRI_SOCKET, 'lke.linode.com/wgip': '172.31.0.1' },
      }),
    ],
  },
  {
    title: 'OKE with a virtual node',
    type: 'OKE',
    platform: 'oracle',
    nodes: [
      aNode({
        name: '10.0.10.126',
        version: 'v1.33.1',
        os: 'Oracle Linux Server 8.10',
        runtime: 'cri-o://1.33.1',
        providerID: 'ocid1.instance.oc1.phx.anyhqljth4gjgpyc',
        labels: { 'oke.oraclecloud.com/node.info.private_worker': 'true', displayName: 'oke-x' },
      }),
      aNode({
        name: '10.0.10.127',
        version: 'v1.33.1',
        os: '',
        ids: 'none',
        providerID: 'ocid1.virtualnode.oc1.phx.aaaaaaaa',
        labels: { 'node-role.kubernetes.io/virtual-node': '' },
      }),
    ],
  },
  {
    title: 'ACK',
    type: 'ACK',
    platform: 'alibaba',
    proven: true,
    nodes: [
      aNode({
        name: 'cn-hongkong.192.168.0.1',
        version: 'v1.33.3-aliyun.1',
        os: 'Alibaba Cloud Linux 3.2104 U11 (OpenAnolis Edition)',
        providerID: 'cn-hongkong.i-j6ceb0ii9lu82ty9v92x',
        annotations: CRI_SOCKET,
      }),
    ],
  },
  {
    title: 'TKE',
    type: 'TKE',
    platform: 'tencent',
    proven: true,
    nodes: [
      aNode({
        name: '10.0.1.106',
        version: 'v1.32.2-tke.5',
        os: 'TencentOS Server 3.2 (Final)',
        providerID: 'qcloud:///900001/ins-fe9gbs5o',
        labels: { 'cloud.tencent.com/node-instance-id': 'ins-fe9gbs5o' },
      }),
    ],
  },
  {
    title: 'CCE',
    type: 'CCE',
    platform: 'huawei',
    proven: true,
    serverVersion: 'v1.31.6-r0-CCE31.0.1',
    nodes: [
      aNode({
        name: '172.16.0.121',
        version: 'v1.31.6-r0-31.0.12',
        os: 'Huawei Cloud EulerOS 2.0 (x86_64)',
        providerID: '8156dd27-8dcc-11ed-9c19-0255ac100094',
        labels: { 'node.kubernetes.io/subnetid': 'x', 'os.name': 'Huawei_Cloud_EulerOS_2.0_x86_64' },
      }),
    ],
  },
  {
    title: 'Scaleway Kapsule',
    type: 'Scaleway',
    platform: 'scaleway',
    nodes: [
      aNode({
        name: 'scw-prod-default-1',
        version: 'v1.33.4',
        providerID: 'scaleway://instance/fr-par-1/297dda39-79ec-4ca9-a8b2-df50f6bbb90f',
        labels: { 'k8s.scaleway.com/kapsule': 'x' },
      }),
    ],
  },
  {
    title: 'Exoscale SKS',
    type: 'Exoscale',
    platform: 'exoscale',
    nodes: [
      aNode({
        name: 'pool-a3802-ehprg',
        version: 'v1.33.3',
        providerID: 'exoscale://0c1f6471-1bf0-4dda-aec3-cb9272f09590',
        labels: { 'node.exoscale.net/nodepool-id': 'x' },
      }),
    ],
  },
  {
    title: 'Vultr',
    type: 'Vultr',
    platform: 'vultr',
    nodes: [
      aNode({
        name: 'np-1-030b7df936fe',
        version: 'v1.33.0',
        os: 'Debian GNU/Linux 12 (bookworm)',
        providerID: 'vultr://bc0a62a5-e116-4cb4-ad29-b404ac2944a6',
        labels: { 'vke.vultr.com/node-pool': 'np-1' },
      }),
    ],
  },
  {
    title: 'Civo, from K3s',
    type: 'Civo',
    platform: 'civo',
    nodes: [
      aNode({
        name: 'k3s-prod-node-pool-a5tcd',
        version: 'v1.32.5+k3s1',
        os: 'Alpine Linux v3.22',
        providerID: 'civo://24b06697-272b-4335-a453-5ed012c099f5',
        labels: { 'kubernetes.civo.com/civo-node-pool': 'x' },
      }),
    ],
  },
  {
    title: 'vcluster on GKE, from K3s',
    type: 'vcluster',
    platform: 'gcp',
    serverVersion: 'v1.33.4+k3s1',
    nodes: [
      aNode({
        name: 'gke-prod-default-pool-05283374-16pz',
        version: 'v1.34.1-gke.1829001',
        os: 'Container-Optimized OS from Google',
        providerID: 'gce://my-project/europe-west1-b/gke-prod',
      }),
    ],
  },
  {
    title: 'vcluster on EKS, from plain Kubernetes, with its syncer',
    type: 'vcluster',
    platform: 'aws',
    serverVersion: 'v1.34.0',
    nodes: [
      aNode({
        name: 'ip-10-0-0-1.ec2.internal',
        version: 'v1.34.1-eks-113cf36',
        os: 'Amazon Linux 2023',
        providerID: 'aws:///us-east-1a/i-0abcdef0123456789',
        annotations: { 'vcluster.loft.sh/object-name': 'x' },
      }),
    ],
  },
  {
    title: 'vcluster in Kind, with its syncer',
    type: 'vcluster',
    platform: 'local',
    serverVersion: 'v1.34.0',
    nodes: kindNodes('kind', 1, { annotations: { ...CRI_SOCKET, 'vcluster.loft.sh/object-name': 'x' } }),
  },
  {
    title: 'vcluster with made-up nodes, from K3s in k3d',
    type: 'vcluster',
    platform: 'unknown',
    serverVersion: 'v1.35.2+k3s1',
    nodes: [
      aNode({
        name: 'k3d-dev-server-0',
        version: 'v1.35.2+k3s1',
        os: 'Fake Kubernetes Image',
        kernel: '4.19.76-fakelinux',
        runtime: 'docker://19.3.12',
        labels: { 'vcluster.loft.sh/fake-node': 'true' },
      }),
    ],
  },
  {
    title: 'kubeadm with edge nodes',
    type: 'Kubeadm',
    platform: 'unknown',
    nodes: [
      aNode({ name: 'master', annotations: CRI_SOCKET, labels: CONTROL_PLANE }),
      aNode({ name: 'worker', annotations: CRI_SOCKET }),
      aNode({ name: 'edge', version: 'v1.23.17-kubeedge-v1.13.4', labels: { 'node-role.kubernetes.io/edge': '' } }),
    ],
  },
  {
    title: 'machines without a mark',
    type: 'Unknown',
    platform: 'openstack',
    nodes: [aNode({ providerID: 'openstack:///x' })],
  },
]
