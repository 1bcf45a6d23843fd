// Nodes as real clusters have them, and kubeadm's record of its cluster: what a cluster without machines is filled with.

import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import { kubernetesVersion } from './artifacts.ts'
import type { KubernetesVersion } from './kubernetes-versions.ts'

export type NodeObject = ReturnType<typeof nodeObject>

// Kind's nodes are containers of one machine: it was booted once.
const HOST_BOOT_ID = 'd1f7a6de-3b52-4c0e-9a41-5f0c7f0e6b1d'

interface KindOptions {
  readonly cluster: string
  readonly workers: number
  /** By default, the newest. */
  readonly version?: KubernetesVersion
}

/** The nodes of a cluster that Kind made: one for the control plane, and the workers. */
export function kindLikeNodes({ cluster, workers, version }: KindOptions): NodeObject[] {
  const names = [`${cluster}-control-plane`, ...Array.from({ length: workers }, (_, i) => workerName(cluster, i))]
  return names.map((name, index) => {
    const isControlPlane = index === 0
    const role = {
      'node-role.kubernetes.io/control-plane': '',
      'node.kubernetes.io/exclude-from-external-load-balancers': '',
    }
    return nodeObject({
      name,
      address: `172.18.0.${index + 2}`,
      podCidr: `10.244.${index}.0/24`,
      providerId: `kind://docker/${cluster}/${name}`,
      labels: isControlPlane ? role : {},
      annotations: { 'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///run/containerd/containerd.sock' },
      // Where nothing else can take pods, Kind lets the control plane have them.
      taints:
        isControlPlane && workers > 0 ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] : [],
      cpu: '8',
      memory: '32797104Ki',
      bootId: HOST_BOOT_ID,
      machineId: fingerprint(`${name} machine`),
      systemUuid: randomLikeUuid(`${name} system`),
      kernelVersion: '6.8.0-71-generic',
      osImage: 'Debian GNU/Linux 12 (bookworm)',
      containerRuntimeVersion: 'containerd://2.1.3',
      kubeletVersion: kubernetesVersion(version),
    })
  })
}

function workerName(cluster: string, index: number): string {
  return index === 0 ? `${cluster}-worker` : `${cluster}-worker${index + 1}`
}

/** The ConfigMap in which kubeadm, and so Kind, writes down what it made. */
export function kubeadmConfigMap(cluster: string, version?: KubernetesVersion) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kubeadm-config', namespace: 'kube-system' },
    data: {
      ClusterConfiguration: stringify({
        apiServer: { certSANs: ['localhost', '127.0.0.1'] },
        apiVersion: 'kubeadm.k8s.io/v1beta4',
        caCertificateValidityPeriod: '87600h0m0s',
        certificateValidityPeriod: '8760h0m0s',
        certificatesDir: '/etc/kubernetes/pki',
        clusterName: cluster,
        controlPlaneEndpoint: `${cluster}-control-plane:6443`,
        dns: {},
        encryptionAlgorithm: 'RSA-2048',
        etcd: { local: { dataDir: '/var/lib/etcd' } },
        imageRepository: 'registry.k8s.io',
        kind: 'ClusterConfiguration',
        kubernetesVersion: kubernetesVersion(version),
        networking: { dnsDomain: 'cluster.local', podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/16' },
        proxy: {},
        scheduler: {},
      }),
    },
  }
}

/** The node with that number of a managed node group of EKS: a machine of its own in a cloud. */
export function eksLikeNode(index: number): NodeObject {
  const address = `10.0.${Math.floor(index / 250)}.${(index % 250) + 4}`
  const name = `ip-${address.replaceAll('.', '-')}.us-west-2.compute.internal`
  return nodeObject({
    name,
    address,
    podCidr: undefined,
    providerId: `aws:///us-west-2a/i-0${fingerprint(name).slice(0, 16)}`,
    labels: {
      'eks.amazonaws.com/capacityType': 'ON_DEMAND',
      'eks.amazonaws.com/nodegroup': 'default',
      'eks.amazonaws.com/nodegroup-image': 'ami-0a1b2c3d4e5f60718',
      'k8s.io/cloud-provider-aws': fingerprint('cloud-provider-aws'),
      'node.kubernetes.io/instance-type': 'm6i.large',
      'beta.kubernetes.io/instance-type': 'm6i.large',
      'failure-domain.beta.kubernetes.io/region': 'us-west-2',
      'failure-domain.beta.kubernetes.io/zone': 'us-west-2a',
      'topology.k8s.aws/zone-id': 'usw2-az2',
      'topology.kubernetes.io/region': 'us-west-2',
      'topology.kubernetes.io/zone': 'us-west-2a',
    },
    annotations: { 'alpha.kubernetes.io/provided-node-ip': address },
    taints: [],
    cpu: '2',
    memory: '7934304Ki',
    bootId: randomLikeUuid(`${name} boot`),
    // A machine of EC2 has both from its hypervisor.
    machineId: `ec2${fingerprint(name).slice(3)}`,
    systemUuid: dashed(`ec2${fingerprint(name).slice(3)}`),
    kernelVersion: '6.12.46-66.121.amzn2023.x86_64',
    osImage: 'Amazon Linux 2023.9.20250929',
    containerRuntimeVersion: 'containerd://2.1.4',
    kubeletVersion: 'v1.33.5-eks-113cf36',
  })
}

interface NodeTraits {
  readonly name: string
  readonly address: string
  readonly podCidr: string | undefined
  readonly providerId: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly taints: readonly { readonly key: string; readonly effect: string }[]
  readonly cpu: string
  readonly memory: string
  readonly bootId: string
  readonly machineId: string
  readonly systemUuid: string
  readonly kernelVersion: string
  readonly osImage: string
  readonly containerRuntimeVersion: string
  readonly kubeletVersion: string
}

function nodeObject({ name, address, podCidr, providerId, cpu, memory, taints, ...traits }: NodeTraits) {
  const { bootId, machineId, systemUuid, kernelVersion, osImage, containerRuntimeVersion, kubeletVersion } = traits
  const resources = { cpu, memory, 'ephemeral-storage': '104845292Ki', pods: '110' }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        ...traits.labels,
      },
      annotations: {
        'node.alpha.kubernetes.io/ttl': '0',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
        ...traits.annotations,
      },
    },
    spec: {
      providerID: providerId,
      ...(podCidr === undefined ? {} : { podCIDR: podCidr, podCIDRs: [podCidr] }),
      ...(taints.length === 0 ? {} : { taints }),
    },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      capacity: resources,
      allocatable: resources,
      conditions: conditions(),
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        architecture: 'amd64',
        bootID: bootId,
        containerRuntimeVersion,
        kernelVersion,
        kubeProxyVersion: '',
        kubeletVersion,
        machineID: machineId,
        operatingSystem: 'linux',
        osImage,
        systemUUID: systemUuid,
      },
    },
  }
}

function conditions() {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const since = { lastHeartbeatTime: now, lastTransitionTime: now }
  return [
    { type: 'MemoryPressure', status: 'False', reason: 'KubeletHasSufficientMemory', ...since },
    { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure', ...since },
    { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID', ...since },
    { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status', ...since },
  ]
}

/** 32 hexadecimal digits that are the same each time. */
function fingerprint(of: string): string {
  return createHash('sha256').update(of).digest('hex').slice(0, 32)
}

/** A UUID that looks like one made at random, and is the same each time. */
function randomLikeUuid(of: string): string {
  return dashed(fingerprint(of).replace(/^(.{12}).(.{3})./, '$14$2a'))
}

function dashed(digits: string): string {
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
