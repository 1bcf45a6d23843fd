// What is said of a cluster: its type, where it runs, and on what evidence.

export interface ClusterType {
  /** The best name for what is seen: `Kind`, `EKS`, …, `Mixed`, `Unknown`. */
  readonly type: string
  /** Where it runs: `aws`, `gcp`, `azure`, …, `local`, `mixed`, `unknown`. */
  readonly platform: string
  /** Whether the answer would stand in a dispute. Only a proven Kind is Kind for the free plan. */
  readonly proven: boolean
  readonly confidence: 'high' | 'medium' | 'low'
  /** What speaks for the answer, the most trustworthy first. A few lines however many nodes there are. */
  readonly evidence: readonly string[]
  /** What speaks against it, attempts to look like another type among them. */
  readonly contradictions: readonly string[]
}

/** Nothing names the type, or what does contradicts itself. */
export const UNKNOWN = 'Unknown'
/** The nodes are of several types. No plan allows that: the strictest answer applies. */
export const MIXED = 'Mixed'

/** Whether a list of cluster types, as a plan or license names them, contains the type. Case does not matter. */
export function allowsType(types: readonly string[] | undefined, type: string): boolean {
  return types === undefined || types.some((allowed) => allowed.toLowerCase() === type.toLowerCase())
}
