// Conditions as kstatus and `kubectl wait` read them. The time of a transition moves only when the status does.

export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
  readonly observedGeneration?: number
  readonly lastTransitionTime: string
}

export type WantedCondition = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'>

/** What the second layer can do alone: why the condition PolicyEnforced is False. */
export const NO_POLICIES =
  'the API server has no ValidatingAdmissionPolicies (Kubernetes 1.30 or later): what is not admitted is scaled to zero after it was made, and not refused; what is admitted may grow'

/** The wanted conditions with the times of those that were there before. */
export function conditionsAfter(
  before: readonly Condition[] | undefined,
  wanted: readonly WantedCondition[],
  generation: number,
  now: string,
): Condition[] {
  return wanted.map((condition) => {
    const earlier = before?.find((candidate) => candidate.type === condition.type)
    const lastTransitionTime = earlier?.status === condition.status ? earlier.lastTransitionTime : now
    return { ...condition, observedGeneration: generation, lastTransitionTime }
  })
}

/** A condition from a yes or no. */
export function condition(type: string, holds: boolean, reason: string, message: string): WantedCondition {
  return { type, status: holds ? 'True' : 'False', reason, message }
}
