// How much the guardian may do: the least of what is wanted, what the plan has, and what degradation leaves.

import { type Catalog, GUARDIAN_MODES, type GuardianMode } from '../catalog/catalog.ts'
import type { Grant } from './grant.ts'

export function guardianMode(wanted: GuardianMode, grant: Grant, atMost: GuardianMode, catalog: Catalog): GuardianMode {
  return least(wanted, planMode(grant, catalog), atMost)
}

function planMode(grant: Grant, { guardian }: Catalog): GuardianMode {
  if (guardian === undefined) return 'off'
  if (grant.features.has(guardian.full)) return 'full'
  return grant.features.has(guardian.basic) ? 'basic' : 'off'
}

/** Whether the guardian may change things, and so needs the rights to. */
export function mayChangeThings(mode: GuardianMode): boolean {
  return GUARDIAN_MODES.indexOf(mode) >= GUARDIAN_MODES.indexOf('basic')
}

function least(...modes: readonly GuardianMode[]): GuardianMode {
  return GUARDIAN_MODES.find((mode) => modes.includes(mode)) ?? 'off'
}
