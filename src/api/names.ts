// The load-bearing strings. Each of them is written into customers' clusters: changing one orphans what carries the old one.

export const GROUP = 'cto.5dlabs.io'
export const VERSION = 'v1'
export const API_VERSION = `${GROUP}/${VERSION}`

/** Owner of every field the operator writes. Changing it leaves the old fields owned by nobody. */
export const FIELD_MANAGER = 'cto-operator'

/** Who holds and resumes workloads: the operator, and whoever uninstalls it. */
export const HOLD_MANAGERS: ReadonlySet<string> = new Set([FIELD_MANAGER, 'cto-cli'])

/** On a workload: the agent that it runs. The label that makes a workload governed. */
export const AGENT_LABEL = `${GROUP}/agent`
/** On a namespace, with the value "true": the admission policy covers it and held workloads may be in it. */
export const MANAGED_LABEL = `${GROUP}/managed`
/** On a held workload: how many replicas to restore. */
export const HELD_REPLICAS_ANNOTATION = `${GROUP}/held-replicas`
/** On a held workload: why, in one sentence. */
export const HELD_REASON_ANNOTATION = `${GROUP}/held-reason`
/** On a held workload: the signed record of how it was before. It alone is believed. */
export const HOLD_RECORD_ANNOTATION = `${GROUP}/hold-record`
/** What follows the product, and a hyphen, in the names of its admission policies and their bindings. In the order of writing. */
export const POLICIES = ['config-freeze', 'agents-labels', 'agents-scale', 'agents'] as const
/** On a policy of the operator's: a hash of its spec as the operator wrote it. */
export const SPEC_HASH_ANNOTATION = `${GROUP}/spec-hash`
/** The agent that heals the platform, and its Role, RoleBinding and ServiceAccount. */
export const GUARDIAN = 'guardian'
/** On what the operator created itself. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by'
export const MANAGED_BY = 'cto-operator'

/** The Lease in the operator's namespace that says which process decides for the product: `cto-operator` for cto. */
export function leaseName(product: string): string {
  return `${product}-operator`
}

export const DEFAULT_NAMESPACE = 'cto-system'
export const DEFAULT_AGENTS_NAMESPACE = 'cto-agents'
/** The key that a License's Secret is read at when `spec.secretRef.key` is not given. */
export const DEFAULT_SECRET_KEY = 'license.lic'
/** The key of the Secret `<product>-revocations` that holds the vendor's revocation list. */
export const REVOCATIONS_KEY = 'revocations.jws'

export function vaultName(product: string): string {
  return `${product}-evidence`
}
