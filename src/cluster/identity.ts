// Who the cluster is and what its API server can do: asked once, when the operator starts.

import type { Client } from '../kube/client.ts'
import { namespaces } from '../kube/resource.ts'
import { pause } from '../runtime/pause.ts'

export interface ClusterIdentity {
  /** UID of the namespace kube-system. */
  readonly uid: string
  readonly apiGroups: readonly string[]
  /** Whether the API server has ValidatingAdmissionPolicies. */
  readonly policies: boolean
}

const ASK_AGAIN_MS = 1_000

/** Asks until it is told; undefined when the signal aborts before. */
export async function identifyCluster(
  client: Client,
  signal: AbortSignal,
  onProblem: (error: unknown) => void,
): Promise<ClusterIdentity | undefined> {
  while (!signal.aborted) {
    try {
      return await ask(client, signal)
    } catch (error) {
      if (signal.aborted) return undefined
      onProblem(error)
      await pause(ASK_AGAIN_MS, signal)
    }
  }
  return undefined
}

async function ask(client: Client, signal: AbortSignal): Promise<ClusterIdentity> {
  const { metadata } = await client.get(namespaces, { name: 'kube-system' }, signal)
  const { groups } = (await client.raw('/apis', signal)) as { groups: readonly { name: string }[] }
  const admission = await client.raw('/apis/admissionregistration.k8s.io/v1', signal)
  const { resources } = admission as { resources: readonly { name: string }[] }
  return {
    uid: metadata.uid ?? '',
    apiGroups: groups.map((group) => group.name),
    policies: resources.some((resource) => resource.name === 'validatingadmissionpolicies'),
  }
}
