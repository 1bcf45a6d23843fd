// The versions of Kubernetes that a cluster on this machine can run, oldest first. Of the newest there are all programs;
// of the others there are the two that decide how a cluster behaves to its clients: kube-apiserver and
// kube-controller-manager.

export const OLDER_KUBERNETES = ['1.28', '1.30', '1.33'] as const
export const NEWEST_KUBERNETES = '1.36'
export const KUBERNETES_VERSIONS = [...OLDER_KUBERNETES, NEWEST_KUBERNETES] as const

export type OlderKubernetes = (typeof OLDER_KUBERNETES)[number]
export type KubernetesVersion = (typeof KUBERNETES_VERSIONS)[number]

/** Those that have ValidatingAdmissionPolicies. */
export const VERSIONS_WITH_POLICIES: readonly KubernetesVersion[] = KUBERNETES_VERSIONS.filter(
  (version) => version !== '1.28',
)

/** Undefined for one that cannot be run here. */
export function parseKubernetesVersion(text: string): KubernetesVersion | undefined {
  return KUBERNETES_VERSIONS.find((version) => version === text)
}
