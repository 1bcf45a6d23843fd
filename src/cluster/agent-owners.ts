// PLACEHOLDER until merged
import type { ControllerReference } from './workloads.ts'
export interface OwnerRegistry {
  lookUp(namespace: string, controller: ControllerReference, agent: string): 'exists' | 'absent' | 'unknown'
  onChange(listener: () => void): () => void
}
