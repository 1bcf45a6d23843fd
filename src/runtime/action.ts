// What a reconciliation leaves behind: when to look again. Anything else that happens is heard by a watch.

export type Action = { readonly kind: 'await-change' } | { readonly kind: 'look-again-at'; readonly instant: number }

export const awaitChange: Action = { kind: 'await-change' }

/** Looks again at an instant of the clock; without one, only when something changes. */
export function lookAgainAt(instant: number | undefined): Action {
  return instant === undefined ? awaitChange : { kind: 'look-again-at', instant }
}
