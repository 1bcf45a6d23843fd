// Where a node runs: a second answer beside the type. Talos on AWS is Talos, and on aws.

import type { NodeFacts } from './node-facts.ts'

export const UNKNOWN_PLATFORM = 'unknown'

const BY_PROVIDER_ID: readonly (readonly [pattern: RegExp, platform: string])[] = [
  [/^kind:|^docker:/, 'local'],
  [/^aws(?:-snow)?:/, 'aws'],
  [/^gce:/, 'gcp'],
  [/^azure:/, 'azure'],
  [/^digitalocean:/, 'digitalocean'],
  [/^linode:/, 'linode'],
  [/^(?:hcloud|hrobot):/, 'hetzner'],
  [/^openstack:/, 'openstack'],
  [/^vsphere:/, 'vsphere'],
  [/^nutanix:/, 'nutanix'],
  [/^cloudstack:/, 'cloudstack'],
  [/^proxmox:/, 'proxmox'],
  [/^(?:kubevirt|harvester):/, 'kubevirt'],
  [/^ocid1\./, 'oracle'],
  [/^ibm(?:cloud|vpc|powervs)?:/, 'ibm'],
  [/^qcloud:/, 'tencent'],
  [/^alicloud:|^[a-z]{2}-[a-z0-9-]+\.i-[a-z0-9]+$/, 'alibaba'],
  [/^volcengine:/, 'volcengine'],
  [/^baiducloud:|^cce:/, 'baidu'],
  [/^yandex:/, 'yandex'],
  [/^ucloud:/i, 'ucloud'],
  [/^civo:/, 'civo'],
  [/^scaleway:/, 'scaleway'],
  [/^exoscale:/, 'exoscale'],
  [/^vultr:/, 'vultr'],
  [/^(?:equinixmetal|packet):/, 'equinix'],
  [/^(?:metal3?|tinkerbell|baremetal|eks-hybrid):/, 'bare-metal'],
]
// Where no cloud controller is at work, the machine itself may show whose it is.
const BY_MACHINE: readonly (readonly [
  field: 'kernelVersion' | 'osImage' | 'name',
  pattern: RegExp,
  platform: string,
])[] = [
  ['kernelVersion', /-aws$|amzn/, 'aws'],
  ['kernelVersion', /-azure$/, 'azure'],
  ['kernelVersion', /-(?:gcp|gke)$/, 'gcp'],
  ['kernelVersion', /-oracle$/, 'oracle'],
  ['kernelVersion', /-ibm$/, 'ibm'],
  ['osImage', /^Amazon Linux|^Bottlerocket .*\((?:EKS|aws)/, 'aws'],
  ['osImage', /^Container-Optimized OS from Google/, 'gcp'],
  ['osImage', /Azure Linux/, 'azure'],
  ['osImage', /^Alibaba Cloud Linux|^Aliyun Linux/, 'alibaba'],
  ['osImage', /^(?:TencentOS|Tencent )/, 'tencent'],
  ['osImage', /^(?:Huawei Cloud )?EulerOS/, 'huawei'],
  ['osImage', /^Bottlerocket .*\(vmware/, 'vsphere'],
  ['name', /\.(?:ec2|compute)\.internal$/, 'aws'],
]
/** Where a type is at home; `local` is one person's machine, whatever that is. */
const HOME: Readonly<Record<string, string>> = {
  K3d: 'local',
  Minikube: 'local',
  DockerDesktop: 'local',
  RancherDesktop: 'local',
  OrbStack: 'local',
  EKS: 'aws',
  GKE: 'gcp',
  AKS: 'azure',
  AKSEngine: 'azure',
  DOKS: 'digitalocean',
  LKE: 'linode',
  OKE: 'oracle',
  IKS: 'ibm',
  ACK: 'alibaba',
  TKE: 'tencent',
  CCE: 'huawei',
  Civo: 'civo',
  Scaleway: 'scaleway',
  Exoscale: 'exoscale',
  Vultr: 'vultr',
}

/** The platform of a node of that type. */
export function platformOf(node: NodeFacts, type: string | undefined): string {
  const { providerId } = node
  const provider = BY_PROVIDER_ID.find(([pattern]) => pattern.test(providerId))
  if (provider !== undefined) return provider[1]
  const home = type === undefined ? undefined : HOME[type]
  return home ?? BY_MACHINE.find(([field, pattern]) => pattern.test(node[field]))?.[2] ?? UNKNOWN_PLATFORM
}
