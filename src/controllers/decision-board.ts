// The decision in force, for those who carry it out. They read it from memory: a status can be edited, this cannot.

import type { Decision } from '../domain/decision.ts'

export interface DecisionBoard {
  readonly current: Decision | undefined
  publish(decision: Decision): void
  onPublish(listener: (decision: Decision) => void): void
}

export function createDecisionBoard(): DecisionBoard {
  let current: Decision | undefined
  const listeners: ((decision: Decision) => void)[] = []
  return {
    get current() {
      return current
    },
    publish(decision) {
      current = decision
      for (const listener of listeners) listener(decision)
    },
    onPublish: (listener) => void listeners.push(listener),
  }
}
