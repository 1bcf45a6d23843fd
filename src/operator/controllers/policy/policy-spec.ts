// What one policy says. Its refusals stand in the order in which a person should hear of them, and the first one counts.

export interface Refusal {
  /** CEL: whether the write is refused for this. */
  readonly when: string
  /** CEL: the sentence for whoever is refused. */
  readonly say: string
}

export interface Expression {
  readonly name: string
  readonly expression: string
}

interface Rule {
  readonly apiGroups: readonly string[]
  /** With their subresource, if any: `deployments/scale`. */
  readonly resources: readonly string[]
  readonly operations: readonly ('CREATE' | 'UPDATE')[]
}

export interface PolicySpec {
  readonly rules: readonly Rule[]
  /** Whether it asks the decision of the operator. */
  readonly parameters: boolean
  /** Only for objects with this label, or only for those without it, before or after the write. */
  readonly label?: { readonly key: string; readonly operator: 'Exists' | 'DoesNotExist' }
  /** Only in governed namespaces. What is refused there is refused also when a question cannot be answered. */
  readonly governed: boolean
  readonly matchConditions: readonly Expression[]
  readonly variables: readonly Expression[]
  readonly refusals: readonly Refusal[]
}

/**
 * All refusals as one CEL expression: the sentence of the first that applies, or an empty text. One expression and not one
 * for each, because the API server makes the objects ready for each of its questions anew.
 */
export function firstRefusal(refusals: readonly Refusal[]): string {
  return [...refusals.map(({ when, say }) => `(${when}) ? (${say}) :`), `''`].join('\n')
}

/** Kinds of workload that can run agents, each with its API group. */
export const WORKLOADS: readonly { readonly group: string; readonly resources: readonly string[] }[] = [
  { group: 'apps', resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'] },
  { group: '', resources: ['replicationcontrollers'] },
  { group: 'batch', resources: ['jobs', 'cronjobs'] },
]

/** Those of them that count replicas, and so can be scaled. */
export const SCALABLE = ['deployments', 'statefulsets', 'replicasets', 'replicationcontrollers']

export function aOrAn(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`
}
