// Where the platform can be set up, and what each place needs besides what `cto deploy` does. As data.

import type { PlatformConfigSpec } from '../../api/platform-config.ts'

export interface Target {
  readonly name: string
  readonly deployment: NonNullable<PlatformConfigSpec['deployment']>
  /** Nodes that are proposed. */
  readonly nodes: number
  /** Whether the free plan may be used there. */
  readonly isFree: boolean
  /** What has to be there before `cto deploy`, each in one sentence. */
  readonly needs: readonly string[]
}

const cloud = (provider: 'aws' | 'gcp' | 'azure', service: string): Target => ({
  name: provider,
  deployment: { type: 'cloud', provider },
  nodes: 3,
  isFree: false,
  needs: [
    `a Kubernetes cluster (${service}): make one with your vendor's Terraform modules or your own, and let your kubeconfig name it`,
  ],
})

export const TARGETS: readonly Target[] = [
  {
    name: 'kind',
    deployment: { type: 'kind' },
    nodes: 2,
    isFree: true,
    needs: ['Docker and Kind: kind create cluster --config kind.yaml'],
  },
  {
    name: 'bare-metal',
    deployment: { type: 'bare-metal' },
    nodes: 1,
    isFree: false,
    needs: ["Kubernetes on the machines: boot them from your vendor's ISO, or install any distribution yourself"],
  },
  {
    name: 'on-prem',
    deployment: { type: 'on-prem' },
    nodes: 3,
    isFree: false,
    needs: ['a Kubernetes cluster that your kubeconfig names'],
  },
  cloud('aws', 'EKS'),
  cloud('gcp', 'GKE'),
  cloud('azure', 'AKS'),
]
