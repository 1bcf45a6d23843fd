// What is wrong beside the license: each controller reports what it found, and the Entitlement says it.

export interface Finding {
  /** The type of the condition, such as `GateVerified` or `Contested`. */
  readonly type: string
  readonly healthy: boolean
  readonly reason: string
  readonly message: string
}

export interface HealthBoard {
  /** Replaces what was found under the key; undefined takes it back. Keys are stable, such as `gate`. */
  report(key: string, finding: Finding | undefined): void
  /** All that is found now, in the order in which the keys were first reported. */
  readonly findings: readonly Finding[]
  /** Calls the listener when a finding has changed; returns how to stop it. */
  onChange(listener: () => void): () => void
}

export function createHealthBoard(): HealthBoard {
  const findings = new Map<string, Finding>()
  const listeners = new Set<() => void>()
  return {
    report(key, finding) {
      if (isSame(findings.get(key), finding)) return
      if (finding === undefined) findings.delete(key)
      else findings.set(key, finding)
      for (const listener of listeners) listener()
    },
    get findings() {
      return [...findings.values()]
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function isSame(a: Finding | undefined, b: Finding | undefined): boolean {
  return a?.type === b?.type && a?.healthy === b?.healthy && a?.reason === b?.reason && a?.message === b?.message
}
