// One look at a whole cluster, for whoever asks once: what the operator keeps up to date by its watches, read anew.

import type { ClusterSignals } from '../../domain/cluster/cluster-signals.ts'
import type { NodeFacts } from '../../domain/cluster/node-facts.ts'
import type { RawObject } from '../../kube/object.ts'
import type { Client } from '../../kube/client.ts'
import { isForbidden, isNotFound } from '../../kube/errors.ts'
import { listAll, type ListScope } from '../../kube/list-all.ts'
import { configMaps, nodes, type Resource, services } from '../../kube/resource.ts'
import { KUBEADM_CONFIG, LOAD_BALANCERS, projectKubeadm, publicAddressesOf } from './cluster-records.ts'
import { readIdentity } from './identity.ts'
import { projectNode } from './nodes.ts'

export interface Survey {
  readonly nodes: readonly NodeFacts[]
  readonly cluster: Omit<ClusterSignals, 'nodes'>
}

/** @throws KubeError */
export async function surveyCluster(client: Client, signal: AbortSignal): Promise<Survey> {
  const { apiGroups, serverVersion } = await readIdentity(client, signal)
  const kubeadm = await ifAllowed(() => client.get(configMaps, KUBEADM_CONFIG, signal))
  const publicAddresses = await ifAllowed(() =>
    readAll(client, services, { fieldSelector: LOAD_BALANCERS }, publicAddressesOf, signal),
  )
  return {
    nodes: await readAll(client, nodes, {}, projectNode, signal),
    cluster: {
      apiGroups,
      ...(serverVersion === undefined ? {} : { serverVersion }),
      ...(kubeadm === undefined ? {} : { kubeadm: projectKubeadm(kubeadm) }),
      ...(publicAddresses === undefined ? {} : { publicAddresses: publicAddresses.flat() }),
    },
  }
}

/** Undefined for what is not there, or not for everybody to see: then it proves nothing. */
async function ifAllowed<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isNotFound(error) || isForbidden(error)) return undefined
    throw error
  }
}

async function readAll<T>(
  client: Client,
  resource: Resource,
  where: ListScope,
  project: (raw: RawObject) => T | undefined,
  signal: AbortSignal,
): Promise<T[]> {
  const all: T[] = []
  for await (const raw of listAll(client, resource, where, signal)) {
    const projected = project(raw)
    if (projected !== undefined) all.push(projected)
  }
  return all
}
