// K3s in a container, reached on loopback only. Its pods start from images that were put into it: nothing is pulled but
// the image of K3s itself, and that by whoever runs the suite.

import { K3sContainer } from '@testcontainers/k3s'
import { getContainerRuntimeClient, ImageName } from 'testcontainers'
import { SANDBOX_IMAGE } from '../e2e/support/node.ts'

export const K3S_IMAGE = process.env['CTO_K3S_IMAGE'] ?? 'rancher/k3s:v1.35.2-k3s1'

// What the suite has no use for, and whose images it does not have.
const WITHOUT = ['coredns', 'local-storage', 'metrics-server', 'servicelb', 'traefik']
const IMAGES = '/var/lib/rancher/k3s/agent/images'

/** Why there can be no K3s here, in one sentence; undefined if there can be one. */
export async function whyNoK3s(): Promise<string | undefined> {
  try {
    const { image } = await getContainerRuntimeClient()
    if (await image.exists(ImageName.fromString(K3S_IMAGE))) return undefined
  } catch {
    return 'K3s needs a container engine, and none answers'
  }
  return `the image of K3s is not there; get it with: docker pull ${K3S_IMAGE}`
}

/** @param archives the images that its pods start from: OCI archives, by the names of their files */
export function k3sContainer(archives: Readonly<Record<string, string>>): K3sContainer {
  return new OnLoopback(K3S_IMAGE)
    .withCommand(['server', `--pause-image=${SANDBOX_IMAGE}`, ...WITHOUT.map((name) => `--disable=${name}`)])
    .withCopyFilesToContainer(
      Object.entries(archives).map(([name, source]) => ({ source, target: `${IMAGES}/${name}.tar` })),
    )
}

class OnLoopback extends K3sContainer {
  override withExposedPorts(...ports: Parameters<K3sContainer['withExposedPorts']>): this {
    super.withExposedPorts(...ports)
    for (const bindings of Object.values(this.hostConfig.PortBindings as Record<string, { HostIp?: string }[]>)) {
      for (const binding of bindings) binding.HostIp = '127.0.0.1'
    }
    return this
  }
}
