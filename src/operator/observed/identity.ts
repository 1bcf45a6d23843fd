// Who the cluster is and what its API server can do: asked once, when the operator starts.

import type { Client } from '../../kube/client.ts'
import { isForbidden, KubeError } from '../../kube/errors.ts'
import { namespaces, selfSubjectReviews } from '../../kube/resource.ts'
import { pause } from '../../runtime/pause.ts'

export interface ClusterIdentity {
  /** UID of the namespace kube-system. */
  readonly uid: string
  readonly apiGroups: readonly string[]
  /** What the API server says of its version; undefined where nobody may ask it. */
  readonly serverVersion?: string
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
      return await readIdentity(client, signal)
    } catch (error) {
      if (signal.aborted) return undefined
      onProblem(error)
      await pause(ASK_AGAIN_MS, signal)
    }
  }
  return undefined
}

/**
 * Asks once.
 * @throws KubeError
 */
export async function readIdentity(client: Client, signal: AbortSignal): Promise<ClusterIdentity> {
  const { metadata } = await client.get(namespaces, { name: 'kube-system' }, signal)
  const { groups } = (await client.raw('/apis', signal)) as { groups: readonly { name: string }[] }
  const serverVersion = await versionOf(client, signal)
  const admission = await client.raw('/apis/admissionregistration.k8s.io/v1', signal)
  const { resources } = admission as { resources: readonly { name: string }[] }
  return {
    uid: metadata.uid ?? '',
    apiGroups: groups.map((group) => group.name),
    ...(serverVersion === undefined ? {} : { serverVersion }),
    policies: resources.some((resource) => resource.name === 'validatingadmissionpolicies'),
  }
}

async function versionOf(client: Client, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { gitVersion } = (await client.raw('/version', signal)) as { gitVersion?: string }
    return gitVersion
  } catch (error) {
    if (isForbidden(error)) return undefined
    throw error
  }
}

/**
 * The user name that the API server knows us by. Empty where it does not say: that costs a feature at most.
 * @throws KubeError when there is no answer at all
 */
export async function whoAmI(client: Client, signal: AbortSignal): Promise<string> {
  const { group, version, kind } = selfSubjectReviews
  // It is asked and not made: it has no name.
  const question = { apiVersion: `${group}/${version}`, kind, metadata: {} as { name: string } }
  try {
    const { status } = await client.create(selfSubjectReviews, question, signal)
    return (status as { userInfo?: { username?: string } } | undefined)?.userInfo?.username ?? ''
  } catch (error) {
    if (error instanceof KubeError && error.status >= 400 && error.status < 500) return ''
    throw error
  }
}
