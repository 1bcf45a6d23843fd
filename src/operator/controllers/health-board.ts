// What the controllers found while they carried a decision out, for the decision that is published next.

import { isDeepStrictEqual } from 'node:util'
import type { Finding } from '../../domain/health/finding.ts'

export interface HealthBoard {
  /** Says what was found under a key that stays the same; undefined takes it back. */
  report(key: string, finding: Finding | undefined): void
  readonly findings: readonly Finding[]
  /** Returns how to stop listening. */
  onChange(listener: () => void): () => void
}

export function createHealthBoard(): HealthBoard {
  const found = new Map<string, Finding>()
  const listeners = new Set<() => void>()
  return {
    report(key, finding) {
      if (isDeepStrictEqual(found.get(key), finding)) return
      if (finding === undefined) found.delete(key)
      else found.set(key, finding)
      for (const listener of listeners) listener()
    },
    get findings() {
      return [...found.values()]
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
