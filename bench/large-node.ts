// A Node as a busy cloud cluster has them: 11 KB, most of it images and managed fields that nobody here asks for.

import type { RawObject } from '../src/kube/object.ts'

export function largeNode(index: number): RawObject {
  const name = `ip-10-0-${index >> 8}-${index & 255}.us-west-2.compute.internal`
  const images = Array.from({ length: 50 }, (_, image) => ({
    names: [
      `registry.example.com/team-${image % 7}/service-${image}@sha256:${String(image).padStart(64, '0')}`,
      `registry.example.com/team-${image % 7}/service-${image}:v1.${image}.0`,
    ],
    sizeBytes: 100_000_000 + image,
  }))
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'eks.amazonaws.com/nodegroup': `group-${index % 5}`,
        'node.kubernetes.io/instance-type': 'm7i.large',
        'topology.kubernetes.io/zone': `us-west-2${'abc'[index % 3]}`,
      },
    },
    spec: { providerID: `aws:///us-west-2a/i-${String(index).padStart(17, '0')}` },
    status: {
      capacity: { cpu: '2', memory: '8Gi', pods: '29' },
      images,
      nodeInfo: {
        architecture: 'amd64',
        bootID: `boot-${index}`,
        containerRuntimeVersion: 'containerd://2.1.0',
        kernelVersion: '6.12.0',
        kubeProxyVersion: '',
        kubeletVersion: 'v1.33.5-eks-113cf36',
        machineID: `machine-${index}`,
        operatingSystem: 'linux',
        osImage: 'Amazon Linux 2023.9',
        systemUUID: `system-${index}`,
      },
    },
  }
}
