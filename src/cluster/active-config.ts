// The PlatformConfig that counts, as the operator needs it. With several, the oldest: it was there first.

import { GUARDIAN_MODES, type GuardianMode } from '../domain/catalog.ts'
import type { WantedFacts } from '../domain/facts.ts'
import type { OwnResource } from './stores.ts'

export interface ActiveConfig {
  readonly name: string
  readonly uid: string
  readonly generation: number
  readonly agents: readonly { readonly name: string; readonly cli?: string; readonly model?: string }[]
  readonly wanted: WantedFacts
}

// The CRD has validated what stands here; this reads the part that the operator acts on and leaves the rest alone.
interface Spec {
  readonly license?: { readonly key?: string; readonly tier?: string; readonly organization?: string }
  readonly agents?: {
    readonly enabled?: readonly { readonly name: string; readonly cli?: string; readonly model?: string }[]
  }
  readonly addons?: Readonly<Record<string, { readonly enabled?: boolean }>>
  readonly guardian?: { readonly enabled?: boolean; readonly mode?: string }
}

/** The oldest comes first; names decide between those of the same second. */
export function byAge(a: OwnResource, b: OwnResource): number {
  return a.createdAt.localeCompare(b.createdAt) || a.name.localeCompare(b.name)
}

export function activeConfig(configs: readonly OwnResource[]): ActiveConfig | undefined {
  const [oldest] = configs.toSorted(byAge)
  if (oldest === undefined) return undefined
  const { license, agents, addons, guardian } = oldest.spec as Spec
  const enabled = agents?.enabled ?? []
  return {
    name: oldest.name,
    uid: oldest.uid,
    generation: oldest.generation,
    agents: enabled,
    wanted: {
      ...(license?.tier === undefined ? {} : { plan: license.tier }),
      ...(license?.organization === undefined ? {} : { organization: license.organization }),
      activationKey: license?.key !== undefined,
      agents: enabled.map((agent) => agent.name),
      addons: Object.entries(addons ?? {})
        .filter(([, addon]) => addon.enabled === true)
        .map(([name]) => name),
      guardian: guardianWanted(guardian),
    },
  }
}

function guardianWanted(guardian: Spec['guardian']): GuardianMode {
  if (guardian?.enabled !== true) return 'off'
  return GUARDIAN_MODES.find((mode) => mode === guardian.mode) ?? 'full'
}
