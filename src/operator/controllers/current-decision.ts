// The decision in force, for those who carry it out. They read it from memory: a status can be edited, this cannot.

import type { Decision } from '../../domain/entitlement/decision.ts'
import type { Facts } from '../../domain/entitlement/facts.ts'

export interface DecisionBoard {
  readonly current: Decision | undefined
  /** What the current decision was taken on: what comes next follows from it. */
  readonly facts: Facts | undefined
  publish(decision: Decision, facts: Facts): void
  onPublish(listener: (decision: Decision) => void): void
}

export function createDecisionBoard(): DecisionBoard {
  let current: Decision | undefined
  let basis: Facts | undefined
  const listeners: ((decision: Decision) => void)[] = []
  return {
    get current() {
      return current
    },
    get facts() {
      return basis
    },
    publish(decision, facts) {
      current = decision
      basis = facts
      for (const listener of listeners) listener(decision)
    },
    onPublish: (listener) => void listeners.push(listener),
  }
}
